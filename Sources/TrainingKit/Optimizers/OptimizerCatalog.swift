/// The optimizers of this library, each in the settings that tests run it in; the first are its defaults, where these
/// learn at a learning rate of 0.01.
package enum OptimizerCatalog {
  package struct Entry: Sendable {
    package let name: String
    package let samples: [any Optimizer]
  }

  package static let all: [Entry] = [
    Entry(name: "sgd", samples: SGD.samples),
    Entry(name: "adam", samples: Adam.samples),
    Entry(name: "adamw", samples: AdamW.samples),
    Entry(name: "rmsprop", samples: RMSprop.samples),
    Entry(name: "nadam", samples: NAdam.samples),
    Entry(name: "radam", samples: RAdam.samples),
    Entry(name: "adamax", samples: Adamax.samples),
    Entry(name: "adagrad", samples: Adagrad.samples),
    Entry(name: "adadelta", samples: Adadelta.samples),
    Entry(name: "adafactor", samples: Adafactor.samples),
    Entry(name: "lion", samples: Lion.samples),
    Entry(name: "lamb", samples: LAMB.samples),
    Entry(name: "muon", samples: Muon.samples),
    Entry(name: "stableadamw", samples: StableAdamW.samples),
    Entry(name: "varying", samples: Varying<AdamW>.samples),
  ]
}
