import Testing

/// Suites that draw from the process-wide generator of random numbers: one after the other, lest one of them seed it
/// while another draws.
@Suite(.serialized)
enum GeneratorTests {}
