// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/scene.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ekyatestsrc/backdrop.h"
#include "ekya/base/random.h"

namespace ekya::scene {
namespace {

constexpr double kSpriteSize = 86, kVisible = 0.4;
constexpr int kSmallest = 12, kSteps = 64;

int draw_label(const ClassMix& mix, int classes, Random& random) {
  if (mix.empty()) return random.below(classes);
  double left = random.uniform() * std::accumulate(mix.begin(), mix.end(), 0.0);
  int last = 0;
  for (int i = 0; i < static_cast<int>(mix.size()); ++i) {
    if (mix[i] <= 0) continue;
    last = i;
    if (left < mix[i]) break;
    left -= mix[i];
  }
  return last;
}

Traffic::Options traffic_options(const SceneOptions& options) {
  Traffic::Options traffic;
  traffic.seed = options.seed;
  traffic.objects = options.objects;
  traffic.width = options.width * kSceneHeight / options.height;
  traffic.lanes = options.sprites ? belt_lanes(options.seed) : road_lanes(options.seed);
  return traffic;
}

}  // namespace

Scene::Scene(SceneOptions options, SceneDrift drift)
    : options_(std::move(options)),
      drift_(std::move(drift)),
      width_(options_.width * kSceneHeight / options_.height),
      traffic_(traffic_options(options_), [this](std::uint64_t id, double seconds) { return decide(id, seconds); }),
      atmosphere_(options_.seed),
      canvas_(options_.width, options_.height),
      backdrop_(options_.width, options_.height) {}

const std::vector<std::string>& Scene::labels() const {
  return options_.sprites ? options_.sprites->labels : scene_labels();
}

Arrival Scene::decide(std::uint64_t id, double seconds) const {
  Random random(options_.seed, mix(id, 31));
  const bool drifted = random.chance(level(seconds));
  Arrival arrival;
  arrival.label = draw_label(drifted ? drift_.mix_after : drift_.mix_before, static_cast<int>(labels().size()), random);
  arrival.seed = random.next();
  if (options_.sprites) {
    arrival.seed = static_cast<std::uint64_t>(choose_sprite(arrival.label, seconds, arrival.seed));
    arrival.length = kSpriteSize;
  } else {
    arrival.length = make_shape(static_cast<Kind>(arrival.label), arrival.seed).length;
  }
  return arrival;
}

// Of the class's pictures in the window of that time, or in the nearest one that has any.
int Scene::choose_sprite(int label, double seconds, std::uint64_t seed) const {
  const auto& windows = options_.sprites->by_window;
  const int last = static_cast<int>(windows.size()) - 1;
  const double steps = drift_.sprites_window_seconds > 0 ? seconds / drift_.sprites_window_seconds : 0;
  const int wanted = static_cast<int>(std::min(drift_.sprites_window + steps, static_cast<double>(last)));
  for (int distance = 0; distance <= last; ++distance)
    for (int window : {wanted - distance, wanted + distance}) {
      if (window < 0 || window > last || windows[window][label].empty()) continue;
      const auto& choice = windows[window][label];
      return choice[static_cast<std::size_t>(Random(seed).below(static_cast<int>(choice.size())))];
    }
  return static_cast<int>(Random(seed).below(static_cast<int>(options_.sprites->sprites.size())));
}

// It is redrawn only when what it shows has moved by a visible step.
void Scene::draw_backdrop(const Conditions& c) {
  const int view = static_cast<int>(c.viewpoint * kSteps + 0.5), snow = static_cast<int>(c.snow * 16 + 0.5);
  if (view == backdrop_view_ && snow == backdrop_snow_) return;
  backdrop_view_ = view, backdrop_snow_ = snow;
  camera_ = camera(options_.width, options_.height, static_cast<double>(view) / kSteps);
  if (options_.sprites)
    draw_belts(backdrop_, camera_, options_.seed, snow / 16.0);
  else
    draw_road(backdrop_, camera_, options_.seed, snow / 16.0);
}

const std::vector<Truth>& Scene::render(double seconds, std::uint64_t frame) {
  const Conditions now = conditions(seconds);
  draw_backdrop(now);
  canvas_.pixels() = backdrop_.pixels();
  glows_.clear();
  drawn_.clear();
  if (!options_.sprites) add_street_lamps(now.light);
  for (const Mover& mover : traffic_.at(seconds))
    if (mover.since <= seconds) drawn_.push_back({mover.id, mover.object.label, draw_mover(mover, seconds, now.light)});
  list_visible();
  atmosphere_.apply(canvas_, now, glows_, frame);
  return truth_;
}

Box Scene::draw_mover(const Mover& mover, double seconds, double light) {
  const Lane& lane = traffic_.lanes()[mover.lane];
  Random random(mover.object.seed, mover.id);
  const double scale = lane.scale * random.uniform(0.92, 1.08), y = lane.y + random.uniform(-4, 4);
  const double forwards = lane.speed > 0 ? 1 : -1;
  const Affine placed{forwards * scale, 0, 0, -scale, traffic_.x(mover, seconds), y};
  const Affine to_canvas = chain(camera_, placed);
  if (options_.sprites) {
    // Pictures are not mirrored: letters and signs would change their meaning.
    const double left = placed.x0 - (forwards < 0 ? kSpriteSize * scale : 0);
    const Affine square{kSpriteSize * scale, 0, 0, -kSpriteSize * scale, left, y};
    return draw_sprite(canvas_, chain(camera_, square), *options_.sprites, static_cast<int>(mover.object.seed));
  }
  const Shape shape = make_shape(static_cast<Kind>(mover.object.label), mover.object.seed);
  Pen shadow(canvas_, to_canvas), pen(canvas_, to_canvas);
  shadow.ellipse({shape.length * 0.5, 0}, shape.length * 0.52, 4.5,
                 {10, 10, 14, static_cast<std::uint8_t>(40 + 50 * light)});
  const Lamps lamps = draw_shape(pen, shape, (seconds - mover.since) * std::fabs(lane.speed) / scale);
  add_lamps(pen, lamps, scale * options_.height / kSceneHeight * forwards, light);
  return pen.extent();
}

void Scene::add_lamps(const Pen& pen, const Lamps& lamps, double scale, double light) {
  const double dark = (1 - light) * lamps.strength, size = std::fabs(scale), forwards = scale < 0 ? -1 : 1;
  if (dark < 0.1) return;
  if (lamps.head) {
    const Point lamp = pen.to_canvas(*lamps.head);
    glows_.push_back({lamp, 9 * size, 9 * size, faded({255, 246, 210}, std::min(1.0, dark))});
    glows_.push_back({{lamp.x + forwards * 44 * size, lamp.y + 5 * size},
                      48 * size,
                      17 * size,
                      faded({255, 240, 200}, 0.8 * std::min(1.0, dark)),
                      true});
  }
  if (lamps.tail)
    glows_.push_back(
        {pen.to_canvas(*lamps.tail), 8 * size, 7 * size, faded({255, 30, 16}, 0.85 * std::min(1.0, dark))});
}

void Scene::add_street_lamps(double light) {
  if (light > 0.6) return;
  const double dark = 1 - light / 0.6, size = options_.height / kSceneHeight;
  for (Point lamp : street_lamps(width_)) {
    glows_.push_back({camera_(lamp), 16 * size, 14 * size, faded({255, 214, 140}, dark)});
    glows_.push_back({camera_({lamp.x, 165}), 110 * size, 62 * size, faded({255, 205, 130}, 0.55 * dark), true});
  }
}

// Nearer objects are drawn later and hide what is behind them.
void Scene::list_visible() {
  truth_.clear();
  const Box picture{0, 0, static_cast<double>(options_.width), static_cast<double>(options_.height)};
  for (std::size_t i = 0; i < drawn_.size(); ++i) {
    const Box inside = intersection(drawn_[i].box, picture);
    double visible = inside.area();
    for (std::size_t nearer = i + 1; nearer < drawn_.size(); ++nearer)
      visible -= intersection(inside, drawn_[nearer].box).area();
    const int x = static_cast<int>(inside.x1), y = static_cast<int>(inside.y1);
    const int width = static_cast<int>(std::ceil(inside.x2)) - x, height = static_cast<int>(std::ceil(inside.y2)) - y;
    if (inside.area() <= 0 || visible < kVisible * drawn_[i].box.area() || width < kSmallest || height < kSmallest)
      continue;
    truth_.push_back({drawn_[i].id, drawn_[i].label, x, y, width, height});
  }
}

}  // namespace ekya::scene
