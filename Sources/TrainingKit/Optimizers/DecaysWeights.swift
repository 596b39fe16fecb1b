/// An optimizer that pulls weights towards zero, by as much as it is told.
package protocol DecaysWeights {
  /// The rate of the decay.
  var weightDecay: Double { get set }
}

extension Adadelta: DecaysWeights {}
extension Adafactor: DecaysWeights {}
extension Adagrad: DecaysWeights {}
extension Adam: DecaysWeights {}
extension AdamW: DecaysWeights {}
extension Adamax: DecaysWeights {}
extension LAMB: DecaysWeights {}
extension Lion: DecaysWeights {}
extension Muon: DecaysWeights {}
extension NAdam: DecaysWeights {}
extension RAdam: DecaysWeights {}
extension RMSprop: DecaysWeights {}
extension SGD: DecaysWeights {}
extension StableAdamW: DecaysWeights {}

extension Varying: DecaysWeights where Base: DecaysWeights {
  /// That of parameters that no variation concerns.
  package var weightDecay: Double {
    get { base.weightDecay }
    set { base.weightDecay = newValue }
  }
}
