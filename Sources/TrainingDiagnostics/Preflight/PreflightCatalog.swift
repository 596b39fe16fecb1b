/// The checks that a run passes before its first step.
public enum PreflightCatalog {
  /// One of each, in the order of their asking.
  public static let standard: [any PreflightCheck] = [
    MemoryFits(),
    ValuesAreFinite(),
    LabelsAreClasses(),
    OutputSuitsLoss(),
    DepthKeepsScale(),
    StartIsUsual(),
    UnitsAreAlive(),
    GradientsReachParameters(),
    InputsAreNormalized(),
    OutputDependsOnInput(),
    ModesAgree(),
    StartLoss(),
    OptimizerIsUsual(),
  ]
}
