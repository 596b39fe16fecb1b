/// The optimizers of this library, each in the settings that tests run it in; the first are its defaults.
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
  ]
}
