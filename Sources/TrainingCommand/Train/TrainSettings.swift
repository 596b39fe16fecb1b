internal import TrainingKit

/// What `training train` is asked to do.
struct TrainSettings {
  enum Source: Equatable {
    case digits
    case csv(String)
    case idx(images: String, labels: String)
    case text(String)

    /// The files to read.
    var paths: [String] {
      switch self {
      case .digits: []
      case .csv(let path), .text(let path): [path]
      case .idx(let images, let labels): [images, labels]
      }
    }
  }
  enum ModelName: String, CaseIterable { case cnn, mlp, linear, gpt }
  enum OutOfMemoryChoice: String, CaseIterable { case stop, replan }
  enum PrecisionName: String, CaseIterable { case float32, bfloat16, float16 }
  enum StateName: String, CaseIterable { case float32, bfloat16 }
  enum DoctorChoice { case watch, treat }

  var source = Source.digits
  var model: ModelName?
  var hidden: Int?
  var layers = 2
  var context = 64
  var optimizer = OptimizerChoice.adamw
  var optimizerState = StateName.float32
  var learningRate: Double?
  var weightDecay: Double?
  var momentum = 0.9
  var schedule = ScheduleChoice.cosine
  var warmup: Int?
  var precision = PrecisionName.float32
  var clip = 1.0
  var smoothing: Double?
  var average: Double?
  var epochs: Int?
  var batchSize: Int?
  var parts = 1
  var memoryLimit: Int?
  var onOutOfMemory = OutOfMemoryChoice.stop
  var seed: UInt64 = 0
  var device = Device.cpu
  var threads: Int?
  var checkpointFolder: String?
  var checkpointInterval: Int?
  var isResuming = false
  var doctor: DoctorChoice?
  var page: String?
  var generate = 300
  var json: String?
}

extension TrainSettings {
  /// Throws when options contradict each other.
  func check() throws(UsageError) {
    guard checkpointFolder == nil else { return }
    if isResuming { throw UsageError("--resume: expected --checkpoint-dir, got none") }
    if checkpointInterval != nil {
      throw UsageError("--checkpoint-every: expected --checkpoint-dir, got none")
    }
  }
}

extension Precision {
  init(_ name: TrainSettings.PrecisionName) {
    self =
      switch name {
      case .float32: .full
      case .bfloat16: .mixed(.bfloat16)
      case .float16: .mixed(.float16)
      }
  }
}
