import TrainingKit

// Points whose two coordinates have the same sign, and the rest: no straight line parts them.
let points = Tensor.randomNormal([1024, 2])
let labels = (points[.all, 0] * points[.all, 1] .> 0).cast(to: .int64)
let data = TensorDataset(inputs: points, labels: labels)

let model = Sequential {
  Linear(2, 64, initializer: .heUniform(for: .leakyReLU(0.01)))
  LeakyReLU(0.01)
  Linear(64, 2)
}
var run = TrainingRun(
  model: model,
  optimizer: AdamW(weightDecay: 0.01),
  schedule: .warmup(steps: 20).then(.cosine(peak: 1e-2, steps: 300)),
  clipping: .globalNorm(1))

let loader = DataLoader(data, batchSize: 64, shuffle: true)
for _ in 1...20 {
  for batch in loader {
    let outcome = try run.step { model in crossEntropy(model(batch.x), batch.y) }
    if case .skipped(let reason, _) = outcome { print("skipped:", reason) }
  }
}
let right = (model(points).argmax(axis: -1) .== labels).mean()
print("accuracy", right.item())

do {
  _ = try validated { model(Tensor.ones([8, 3])) }
} catch {
  print(error)  // 0: linear: expected […, 2], got [8, 3]
}

var stable = TrainingRun(
  model: model, optimizer: SGD(momentum: 0.9), schedule: .constant(0.05),
  precision: .mixed(.float16),  // with a loss scale that finds itself
  clipping: .percentile(90),  // by the norms so far
  smoothing: GradientSmoothing(decay: 0.5),  // gradients averaged over steps
  average: .exponential(decay: 0.99))  // and weights
for batch in loader {
  // Eight parts of a batch give the step of the whole one.
  _ = try stable.step(accumulating: batch.split(size: 8)) { model, part in
    crossEntropy(model(part.x), part.y, reduction: .counted)
  }
}
let averaged = try stable.withAveragedWeights { ($0(points).argmax(axis: -1) .== labels).mean() }
print("accuracy of averaged weights", averaged.item())

let checkpoint = try stable.checkpoint(loader: loader)  // .write(to: "run.safetensors")
try stable.restore(checkpoint, loader: loader)  // the next steps are the same to the bit

func loss(_ model: Sequential, _ part: Batch) -> LossSum {
  crossEntropy(model(part.x), part.y, reduction: .counted)
}
let batch = data.all
let plan = try run.memoryPlan { run in _ = try run.step(accumulating: [batch], loss) }
print(plan)  // … at the peak: activations …, weights …
if let fit = try run.fit(batch, within: plan.peak * 3 / 4, loss) { print(fit) }
let logits = recompute { model(points) }  // keeps nothing for the backward pass
for growth in run.memoryGrowth { print(growth) }  // what a leak keeps, and where
run.optimizer = AdamW().keepingState(in: .bfloat16(seed: 7))  // half the bytes, rounded at random
run.stateFile = try StateFile(in: "/var/tmp")  // the optimizer's state in a file, the same bits

import TrainingDiagnostics

let patient = TrainingRun(
  model: Sequential {
    Linear(2, 64)
    ReLU()
    Linear(64, 2)
  }, optimizer: SGD(momentum: 0.9), schedule: .constant(30))  // far too high
let preflight = Preflight(of: patient, on: [batch]) { model, batch in
  crossEntropy(model(batch.x), batch.y)
}
for finding in try preflight.findings() { print(finding) }  // none: the model and its data fit

var watched = WatchedRun(patient, care: .treating) { (model, batch: Batch) in
  crossEntropy(model(batch.x), batch.y)
}
for batch in DataLoader(data, batchSize: 64, shuffle: true) {
  for finding in try watched.step(batch).findings { print(finding) }
}
for treatment in watched.treatments { print(treatment) }  // … back to step 0 and divide …

let report = HTMLReport(title: "Spring", runs: [ReportedRun(name: "points", watched: watched)])
print(report.html.utf8.count)  // one page that needs no network

var doctor = Doctor()
for step in 0..<100 {
  for finding in doctor.observe(StepRecord(step: step, loss: 2.3 / Double(step + 1))) {
    print(finding)
  }
}
print(doctor.diagnosis())  // healthy: 100 steps

var optimizer = Adam()
let (loss, gradients) = model.valueAndGradients { crossEntropy($0(points), labels) }
let (clipped, _) = gradients.clipped(toGlobalNorm: 1)
optimizer.update(model, with: clipped, learningRate: 1e-3)
print("loss", loss.item(), "gradient norm", gradients.globalNorm)

let x = Tensor([1.0, 2.0, 3.0], dtype: .float64).tracked()
let slope = (x * x * x).sum().gradient(for: x, isRecorded: true)
let curvature = slope.sum().gradient(for: x)  // 6 x
print(curvature, checkGradients(of: { $0[0].tanh() }, at: [x]))

let layer = withRandomGenerator(RandomGenerator(mersenneTwister: 0)) { Linear(3, 2) }
print(layer.weight.value)  // torch.manual_seed(0); torch.nn.Linear(3, 2).weight

let device = Device.default  // the first GPU that can be used, or the processor
try withDevice(device) {
  let network = Linear(64, 10)
  print(network(.randomNormal([8, 64])).device, Device.cuda.unavailability ?? "")
}

run.isCompiled = true
for batch in DataLoader(data, batchSize: 64, shuffle: true) {
  _ = try run.step(on: [batch.x, batch.y]) { model, inputs in
    crossEntropy(model(inputs[0]), inputs[1])
  }
}
