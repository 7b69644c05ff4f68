// GroundingEvaluation
