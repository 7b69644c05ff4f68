print("glip")
