// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include "ekya/learner/evaluation.h"
#include "ekya/learner/retrainer.h"

namespace ekya::learner {
namespace {

constexpr int kFewestOfScene = 20;  // Crops that tell what a scene looks like.
constexpr int kMostOfScene = 80;
constexpr std::size_t kStoredModels = 3;  // The right scene is among the nearest three 49 times of 50.

}  // namespace

/// The live model goes into the zoo, once, with what its scene looks like: the newest crops before the last `skipped`.
/// A model whose weights are not known yet, since no profile began from it, has to wait.
void Retrainer::remember_live(int skipped) {
  if (!zoo_) return;
  std::shared_ptr<const Classifier> live;
  LabelledCrops scene;
  double accuracy = 0;
  {
    MutexLock lock(mutex_);
    live = live_;
    scene = recent_.newest(kMostOfScene, skipped);
    accuracy = scene_accuracy_;
  }
  if (live == remembered_ || live != live_weights_.classifier || scene.count() < kFewestOfScene) return;
  remembered_ = live;
  remembered_number_ = 0;
  const auto looks = image_statistics(scene, labels());
  const auto added = looks ? zoo_->add(live_weights_.weights, *looks, accuracy) : Error(looks.error());
  if (added) remembered_number_ = added->number;
  if (!added)
    host_.warn("zoo-write-failed", "The live model was not stored for a scene that comes back: " +
                                       added.error().message + ". Retraining goes on without it.");
}

/// After a drift: the stored models of the scenes that look most like the newest crops answer the labels that come in
/// from now on, as the live model does. Those that showed the drift are left out: they were picked for being wrong.
void Retrainer::begin_recall() {
  if (!zoo_) return;
  LabelledCrops scene;
  ModelInfo info;
  {
    MutexLock lock(mutex_);
    scene = recent_.newest(kFewestOfScene, 0);
    info = live_->info();
  }
  const auto looks = image_statistics(scene, labels());
  if (!looks) return;
  std::vector<StoredModel> models;
  for (ModelZoo::Loaded& stored : zoo_->load_nearest(*looks, info, kStoredModels + 1)) {
    if (stored.entry.number == remembered_number_ || models.size() == kStoredModels) continue;  // The live one itself.
    if (auto model = engine_->build_classifier(stored.weights))
      models.push_back({*model, std::move(stored.weights), stored.entry.number});
  }
  for (const std::string& rejected : zoo_->take_rejected())
    host_.warn("zoo-model-rejected", "A stored model is broken and was set aside: " + rejected);
  MutexLock lock(mutex_);
  recall_.emplace(static_cast<int>(models.size()));
  recall_models_ = std::move(models);
}

/// A stored model goes live in place of the live one, and retraining starts from it.
void Retrainer::end_recall() {
  StoredModel chosen;
  std::shared_ptr<const Classifier> live;
  double accuracy = 0;
  std::string reason;
  {
    MutexLock lock(mutex_);
    if (!recall_ || recall_->verdict() != Recall::Verdict::kSwap || recall_models_.empty()) return;
    const auto index = static_cast<std::size_t>(recall_->chosen());
    chosen = std::move(recall_models_[index]);
    accuracy = recall_->counts()[index].new_accuracy();
    reason = recall_->reason();
    recall_models_.clear();
    live = live_;
    urgent_ = true;
  }
  if (live != live_weights_.classifier) return;  // It could not be taken back.
  publish({chosen.classifier, std::move(chosen.weights), live_weights_.weights, "", accuracy,
           "a model of an earlier scene: " + reason});
  remembered_ = chosen.classifier;  // The zoo has it.
  remembered_number_ = chosen.number;
  model_replaced_ = true;
}

}  // namespace ekya::learner
