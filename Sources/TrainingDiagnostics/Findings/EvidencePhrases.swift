extension Evidence {
  /// What each name means, around the number: {} stands for it as it is, {%} for a share, {B} for bytes and {s} for
  /// seconds. Where a name means something else beside a symptom, the entry begins with that.
  static let phrases: [String: String] = [
    "activation_growth.growth": "{} times as much as at first",
    "activation_ratio": "outputs of a deep layer {} times those of the first one",
    "agreed_at_step": "training and evaluation agreed at step {}",
    "alternation": "alternation of the losses {} where 1 is a change of side at every step",
    "bad_initialization.first_rms": "root mean square of the first layer's outputs {}",
    "batches": "{} batches looked at",
    "bend": "curvature over slope along a step {} where above 2 the step overshoots",
    "best_level": "lowest level of the loss {}",
    "best_step": "best at step {}",
    "best_validation_loss": "lowest validation loss {}",
    "bytes_per_step": "{B} more at each step",
    "calls": "{} operations looked at",
    "calls_before": "{} operations before it",
    "calmest_swing": "calmest change from loss to loss {}",
    "change": "outputs change by {%} with the other examples of the batch",
    "classes": "{} classes in the model",
    "classes_seen": "{} classes among the labels",
    "clip_factor": "gradients clipped to {%}",
    "constant_features": "{} features that are constant",
    "constant_output.examples": "{} examples looked at",
    "cosine_of_halves": "cosine of the gradients of a batch's halves {} where 1 is agreement",
    "curvature":
      "curvature over slope down a step {} where 1 is the minimum and above 2 the step overshoots",
    "dead_share": "{%} of the units are zero for the whole batch",
    "dead_share_at_start": "{%} of the units were zero at first",
    "deviation": "standard deviation {}",
    "elements": "{} elements in the parameter",
    "embedding_instability.gradient_growth": "gradient of the embeddings {} times its usual size",
    "embedding_instability.gradient_ratio":
      "gradient of the embeddings {} times that of all other weights",
    "entropy": "entropy of the attention {} where 1 is even and 0 is one key alone",
    "errors": "{} standard errors apart",
    "errors_at_earlier_weights": "{} standard errors apart",
    "evaluation_loss": "loss in evaluation mode {}",
    "examinations": "{} examinations in a row",
    "fall": "the loss fell by {%} over the run",
    "fall_in_last_quarter": "fall of the loss in its last quarter {}",
    "first_entropy": "entropy of the attention at first {}",
    "first_log_normalizer": "mean logarithm of the softmax's denominator at first {}",
    "first_loss": "first loss {}",
    "first_norm": "gradient norm at first {}",
    "first_rms": "root mean square of the outputs at first {}",
    "first_score": "largest score at first {}",
    "first_weight_rms": "root mean square of its weights at first {}",
    "frozen": "{} of them frozen",
    "gain": "outputs {} times as large as inputs",
    "gradient_growth": "gradient {} times its usual size",
    "gradient_norm": "gradient norm {}",
    "gradient_ratio": "gradients of the first layers {} times those of the last",
    "gradient_rms": "root mean square of the gradient {}",
    "growth": "{B} more than when it began to grow",
    "halvings_in_30_steps": "{} halvings of the loss scale in 30 steps",
    "held_out": "{} held-out examples looked at",
    "hessian_products": "{} steps measured by exact second derivatives",
    "highest_before": "highest loss before {}",
    "idle_share": "{%} of the weights that have a gradient did not move",
    "in_a_row": "{} steps in a row",
    "input_level": "root mean square of the inputs about {}",
    "input_mean": "mean of the inputs {}",
    "input_rms": "root mean square of the inputs {}",
    "input_scale.level": "root mean square {}",
    "input_scale.ratio": "ratio of the two {}",
    "jump_in_evaluation": "loss in evaluation higher by {} behind one step",
    "labels": "{} labels looked at",
    "lambda": "growth of the gradient from layer to layer as a logarithm {}",
    "largest": "largest output {}",
    "largest_deviation": "largest standard deviation of a feature {}",
    "largest_input": "largest value that went in {}",
    "largest_log_normalizer": "largest logarithm of the softmax's denominator {}",
    "largest_score": "largest score of the attention {}",
    "largest_target": "largest target {}",
    "largest_update_ratio": "no matrix moves by more than {} of itself at a step",
    "last_finite_loss": "last finite loss {}",
    "last_finite_norm": "last finite gradient norm {}",
    "last_loss": "last loss {}",
    "layers": "{} layers compared",
    "learning_rate": "learning rate {}",
    "least": "least output {}",
    "least_deviation": "smallest standard deviation of a feature {}",
    "least_input": "least value that went in {}",
    "least_input_magnitude": "smallest magnitude that went in {}",
    "least_loss": "lowest loss {}",
    "least_target": "least target {}",
    "level": "level of the loss {}",
    "level_before": "level of the loss before {}",
    "level_then": "level of the loss then {}",
    "limit_megabytes": "{} MB of memory that may be taken",
    "live": "{B} in use",
    "ln_classes": "loss of an even guess {}",
    "log_normalizer": "mean logarithm of the softmax's denominator {}",
    "logit_rms": "root mean square of the logits {}",
    "looked_at": "{} examples looked at",
    "loss": "loss {}",
    "loss_after_10_steps": "loss ten steps later {}",
    "loss_at_earlier_weights": "loss of this batch at earlier weights {}",
    "loss_before": "loss before {}",
    "loss_before_the_others": "loss of this batch before it learned the others {}",
    "loss_behind_them": "loss of this batch after that {}",
    "loss_fall": "fall of the loss since the start {%}",
    "loss_now": "loss now {}",
    "loss_of_fork": "loss with the remedy {}",
    "loss_of_it_by_heart": "loss of it once learned by heart {}",
    "loss_of_one_batch": "loss of one batch {}",
    "loss_of_those_before": "loss of the batches before it {}",
    "loss_ratio": "{} times the loss before",
    "loss_scale": "loss scale {}",
    "loss_without": "loss without the remedy {}",
    "majority_share": "{%} of the labels are of one class",
    "matrices": "{} weight matrices of this kind",
    "mean": "mean {}",
    "mean_rank": "wrong labels {} down the model's order of the other classes where 0.5 is chance",
    "mean_surprise": "mean surprise at the labels {}",
    "median_before": "usual loss before {}",
    "median_factor": "usual step clipped to {%}",
    "median_loss": "usual loss {}",
    "mixed_share": "{%} of the labels as if drawn at random",
    "most_loss": "highest loss {}",
    "moved_by": "weights that moved did so by {} of themselves",
    "no_gradient.share": "{%} of the parameters",
    "noise_scale": "noise of the gradients as large as they are in {} batches taken together",
    "noisy_labels.examples": "{} examples in doubt",
    "noisy_labels.level": "usual loss of an example {}",
    "noisy_labels.loss": "usual loss of those in doubt {}",
    "non_finite": "{} values that are not finite",
    "non_finite_values": "{} values that are not finite",
    "norm_ratio": "gradient norm {} times the usual",
    "occurrences": "seen {} times",
    "of": "{} weight matrices in all",
    "other_batches_there": "loss of other batches there {}",
    "other_data_from_step": "other data from about step {} on",
    "others_growth": "gradient of all other weights {} times its usual size",
    "output_rms": "root mean square of the outputs {}",
    "own_batch_rises": "{%} of the steps raise the loss of their own batch",
    "parameters": "{} parameters of this kind",
    "parts": "fits in {} parts",
    "peak_megabytes": "{} MB needed at the peak",
    "period": "the same losses every {} steps",
    "rate_at_first": "learning rate at first {}",
    "rate_before": "learning rate before {}",
    "rate_since": "learning rate since {}",
    "ratio": "{} times as much",
    "reach_from": "outputs from {}",
    "reach_to": "outputs up to {}",
    "relative_error": "relative error {}",
    "relative_gradient_ratio":
      "gradients of the first layers beside their weights {} times those of the last",
    "repeated": "{} losses repeated",
    "repeated_batches": "{} batches came once more",
    "repeated_examples.examples": "{} examples looked at",
    "repeated_examples.share": "{%} of the examples are repeated",
    "rise": "rise of {%}",
    "rise_in_noises": "rise of {} times the usual change",
    "rises_at": "the loss rises from a learning rate of {} on",
    "rms": "root mean square of the outputs {}",
    "saturated_share": "{%} of the values at an end of their range",
    "saturated_share_at_start": "{%} of the values were there at first",
    "second_moment_lag": "gradient {} times what the optimizer divides by",
    "share_beyond": "{%} of the targets are beyond what the output reaches",
    "share_of_start": "weights at {%} of what they were at first",
    "share_of_steps": "{%} of the last 256 steps clipped to less than a tenth",
    "share_within_training": "{%} repeated within the training data",
    "skipped_in_a_row": "{} steps skipped in a row",
    "spread": "spread of the outputs over examples {}",
    "start": "loss at the start {}",
    "step_seconds": "{s} for a step",
    "steps": "steps it lasted {}",
    "steps_ago": "batches had come {} steps before",
    "steps_at_it": "{} steps at that rate",
    "suggestion": "suggested learning rate {}",
    "surest_looked_at": "{} examples looked at that the model is surest of",
    "swing": "change from loss to loss {}",
    "swing_then": "change from loss to loss then {}",
    "target_rms": "root mean square of the targets {}",
    "their_loss": "loss of the others after that {}",
    "their_loss_at_earlier_weights": "loss of the batches from there on at earlier weights {}",
    "train_loss": "training loss {}",
    "train_loss_then": "training loss then {}",
    "training_loss": "loss in training mode {}",
    "trend": "trend of {} standard errors where below -4 is a fall",
    "unit_in_the_last_place": "one rounding step is {} of a weight",
    "units": "{} units",
    "unusable_labels.largest": "largest label {}",
    "unusable_labels.least": "least label {}",
    "unusable_labels.share": "{%} of the labels are none of the classes",
    "update_ratio": "a matrix moves by {%} of itself at a step",
    "updates": "{} updates before",
    "usual_input_rms": "usual root mean square of the inputs {}",
    "usual_lag": "usually {} times what the optimizer divides by",
    "usual_value": "usual value {}",
    "validation_loss": "validation loss {}",
    "value": "value {}",
    "wait_seconds": "{s} of waiting for a batch",
    "wait_share": "{%} of the time goes into waiting for batches",
    "weight": "all its elements are {}",
    "weight_rms": "root mean square of the weights {}",
    "worst_example": "loss of the worst example {}",
    "zero_share": "{%} of the gradients are zero in float16",
    "zero_share_in_float32": "{%} of the gradients are zero in float32",
  ]
}

extension Finding {
  /// The numbers that it rests on, each in a phrase that tells what it is: `loss 5.1, loss before 2.3`.
  public var evidenceInWords: String {
    phrases.map { "\($0)" }.joined(separator: ", ")
  }

  var phrases: [EvidencePhrase] {
    evidence.entries.map { EvidencePhrase($0.name, $0.value, of: symptom) }
  }
}

/// A number of a finding and the words around it.
struct EvidencePhrase: CustomStringConvertible {
  let before, number, after: String

  /// The words for a name; the name itself where it is none of ours.
  init(_ name: String, _ value: Double, of symptom: Symptom? = nil) {
    let own = symptom.flatMap { Evidence.phrases["\($0.rawValue).\(name)"] }
    guard let phrase = own ?? Evidence.phrases[name] else {
      (before, after) = (name.inWords + " ", "")
      number = EvidencePhrase.text(value, unit: "")
      return
    }
    let parts = phrase.split(separator: "{", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = parts[1].split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
    before = String(parts[0])
    number = EvidencePhrase.text(value, unit: rest[0])
    after = String(rest[1])
  }

  var description: String { before + number + after }

  private static func text(_ value: Double, unit: Substring) -> String {
    switch unit {
    case "%": (value * 100).shortened + " %"
    case "B": (value / 1e6).shortened + " MB"
    case "s": value.shortened + " s"
    default: value.shortened
    }
  }
}
