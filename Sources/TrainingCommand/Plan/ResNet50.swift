internal import TrainingKit

/// The residual network of 50 layers for images of 224 by 224 pixels.
///
/// - Source: He et al. 2016, arXiv:1512.03385; the stride is in the 3 by 3 convolutions, as in torchvision.
final class ResNet50: Module {
  let stem = Sequential {
    Conv2d(3, 64, kernelSize: 7, stride: 2, padding: 3, bias: false)
    BatchNorm(64)
    ReLU()
    MaxPool2d(3, stride: 2, padding: 1)
  }
  let blocks: [Bottleneck]
  let head = Linear(2048, 1000)

  init() {
    var blocks: [Bottleneck] = []
    var inputs = 64
    for (stage, count) in [3, 4, 6, 3].enumerated() {
      for position in 0..<count {
        let width = 64 << stage
        blocks.append(
          Bottleneck(inputs, width, stride: stage > 0 && position == 0 ? 2 : 1))
        inputs = width * 4
      }
    }
    self.blocks = blocks
  }

  func forward(_ images: Tensor) -> Tensor {
    let features = blocks.reduce(stem(images)) { $1($0) }
    return head(features.mean(axes: [2, 3]))
  }
}

/// Three convolutions beside a shortcut.
final class Bottleneck: Module {
  let body: Sequential
  let shortcut: Sequential?

  init(_ inputs: Int, _ width: Int, stride: Int) {
    body = Sequential {
      Conv2d(inputs, width, kernelSize: 1, bias: false)
      BatchNorm(width)
      ReLU()
      Conv2d(width, width, kernelSize: 3, stride: Size2(stride), padding: 1, bias: false)
      BatchNorm(width)
      ReLU()
      Conv2d(width, width * 4, kernelSize: 1, bias: false)
      BatchNorm(width * 4)
    }
    shortcut =
      stride == 1 && inputs == width * 4
      ? nil
      : Sequential {
        Conv2d(inputs, width * 4, kernelSize: 1, stride: Size2(stride), bias: false)
        BatchNorm(width * 4)
      }
  }

  func forward(_ x: Tensor) -> Tensor { (body(x) + (shortcut?(x) ?? x)).relu() }
}
