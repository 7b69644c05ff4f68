import GLIP
import GroundingData
import Torch

/// The terms beside alignment and localisation: those that have a weight. Their parameters are made with them, beside the
/// network's, and play no part in detection.
public struct AuxiliaryLosses: Sendable {
  private let maskedLanguage: MaskedLanguageHead?
  private let contrastive: ContrastiveAlignment?
  private let configuration: LossConfiguration
  private let vocabulary: Int

  /// - Parameter scope: the root of the network's parameters
  public init(_ scope: Scope, _ network: GLIPConfiguration, _ configuration: LossConfiguration) throws {
    self.configuration = configuration
    vocabulary = network.bert.vocabulary
    maskedLanguage =
      configuration.maskedLanguageWeight > 0 ? try MaskedLanguageHead(scope, network.bert) : nil
    contrastive = configuration.contrastiveWeight > 0 ? try ContrastiveAlignment(scope, network) : nil
  }

  /// The prompts of a batch as the network is to get them: some words hidden, where that is asked about.
  package func masked(_ batch: Batch, using generator: inout some RandomNumberGenerator) -> MaskedPrompts {
    let asked = maskedLanguage == nil ? batch.targets.map { _ in nil } : batch.targets.map(\.asked)
    return MaskedPrompts(batch.prompts, asked: asked, vocabulary: vocabulary, using: &generator)
  }

  /// Adds the terms of a batch.
  ///
  /// - Parameters:
  ///   - terms: what `GroundingLoss` gave
  ///   - answers: what the prompts hid
  package func add(
    to terms: inout LossTerms, _ output: NetworkOutput, _ assigned: AssignedTargets,
    answers: [MaskedPrompts.Answer]
  ) throws {
    terms.maskedLanguage = try maskedLanguage.map {
      try $0(output.words, answers) * configuration.maskedLanguageWeight
    }
    terms.contrastive = try contrastive.map {
      try $0(output, assigned) * (configuration.contrastiveWeight / terms.positiveCount)
    }
  }
}
