// GroundingTraining
