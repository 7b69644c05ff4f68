// GLIP
