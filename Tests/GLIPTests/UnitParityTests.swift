import Checkpoints
import Foundation
import Testing
import Torch

@testable import GLIP
