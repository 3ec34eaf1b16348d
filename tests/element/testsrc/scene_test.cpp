// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/scene.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "ekyatestsrc/convert.h"

namespace ekya::scene {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr double kFrame = 1.0 / 15;

SceneOptions options(std::uint64_t seed, int width = 320, int height = 180) {
  SceneOptions o;
  o.seed = seed, o.width = width, o.height = height;
  return o;
}

std::vector<std::uint8_t> picture(Scene& scene, int frame) {
  scene.render(frame * kFrame, static_cast<std::uint64_t>(frame));
  return scene.canvas().pixels();
}

double mean_luma(const Canvas& canvas) {
  double sum = 0;
  for (std::size_t i = 0; i < canvas.pixels().size(); i += 4)
    sum += 0.114 * canvas.pixels()[i] + 0.587 * canvas.pixels()[i + 1] + 0.299 * canvas.pixels()[i + 2];
  return sum / (canvas.pixels().size() / 4.0);
}

double contrast(const Canvas& canvas) {
  double sum = 0, squares = 0;
  for (std::size_t i = 1; i < canvas.pixels().size(); i += 4) {
    sum += canvas.pixels()[i];
    squares += canvas.pixels()[i] * canvas.pixels()[i];
  }
  const double count = canvas.pixels().size() / 4.0;
  return std::sqrt(squares / count - sum / count * sum / count);
}

SceneDrift under(const Conditions& conditions) {
  SceneDrift drift;
  drift.before = drift.after = conditions;
  return drift;
}

bool same(const Truth& a, const Truth& b) {
  return a.id == b.id && a.label == b.label && a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

TEST(Scene, GivesTheSameBytesAndTruthForTheSameSeed) {
  Conditions night_rain;
  night_rain.light = 0, night_rain.rain = 1;
  Scene a(options(7), under(night_rain)), b(options(7), under(night_rain));
  for (int frame = 0; frame < 30; ++frame) {
    ASSERT_EQ(picture(a, frame), picture(b, frame)) << "frame " << frame;
    const auto truth = a.render(frame * kFrame, frame), other = b.render(frame * kFrame, frame);
    ASSERT_EQ(truth.size(), other.size());
    for (std::size_t i = 0; i < truth.size(); ++i) ASSERT_TRUE(same(truth[i], other[i]));
  }
}

TEST(Scene, DiffersFromSeedToSeed) {
  Scene a(options(1)), b(options(2));
  EXPECT_NE(picture(a, 0), picture(b, 0));
}

TEST(Scene, GivesAFrameWhateverWasAskedForBefore) {
  Scene in_order(options(3)), at_once(options(3));
  std::vector<std::uint8_t> wanted;
  for (int frame = 0; frame <= 900; frame += 10) wanted = picture(in_order, frame);
  EXPECT_EQ(picture(at_once, 900), wanted);
  const auto early = picture(at_once, 20);
  Scene again(options(3));
  EXPECT_EQ(early, picture(again, 20)) << "after going back in time";
}

TEST(Scene, PutsEachTruthBoxAroundAnObject) {
  auto without_objects = options(5, 640, 360);
  without_objects.objects = 0;
  Scene scene(options(5, 640, 360)), empty(without_objects);
  int boxes = 0;
  for (int frame = 0; frame < 300; frame += 15) {
    const auto truth = scene.render(frame * kFrame, frame);
    empty.render(frame * kFrame, frame);
    for (const Truth& t : truth) {
      int object = 0;
      for (int y = t.y; y < t.y + t.height; ++y)
        for (int x = t.x; x < t.x + t.width; ++x)
          object += std::abs(scene.canvas().row(y)[4 * x + 1] - empty.canvas().row(y)[4 * x + 1]) > 8;
      EXPECT_GE(object, 0.15 * t.width * t.height) << scene.labels()[t.label] << " in frame " << frame;
      ++boxes;
    }
  }
  EXPECT_GE(boxes, 40);
}

// What changes from an empty street to one with a single object lies in that object's box, or in its shadow just below.
TEST(Scene, HasNoObjectOutsideOfItsBox) {
  auto one = options(6, 640, 360), none = one;
  one.objects = 1, none.objects = 0;
  Scene scene(one), empty(none);
  for (int frame = 0; frame < 300; frame += 5) {
    const auto truth = scene.render(frame * kFrame, frame);
    empty.render(frame * kFrame, frame);
    if (truth.empty()) continue;
    const Truth& t = truth[0];
    for (int y = 0; y < 360; ++y)
      for (int x = 0; x < 640; ++x) {
        const bool inside = x >= t.x - 6 && x < t.x + t.width + 6 && y >= t.y - 1 && y < t.y + t.height + 9;
        if (!inside) {
          ASSERT_EQ(scene.canvas().row(y)[4 * x], empty.canvas().row(y)[4 * x]) << x << "," << y;
        }
      }
  }
}

TEST(Scene, KeepsBoxesInsidePicturesOfAnySize) {
  const std::array<std::array<int, 2>, 6> sizes{{{16, 16}, {1920, 1080}, {641, 361}, {17, 400}, {400, 17}, {320, 240}}};
  for (const auto& [width, height] : sizes)
    for (double viewpoint : {0.0, 1.0}) {
      SCOPED_TRACE(testing::Message() << width << "x" << height << " viewpoint " << viewpoint);
      Conditions all;
      all.viewpoint = viewpoint, all.light = 0.2, all.rain = all.fog = all.snow = all.blur = all.noise = 1;
      Scene scene(options(4, width, height), under(all));
      for (int frame = 0; frame < 40; frame += 8)
        for (const Truth& t : scene.render(frame * kFrame, frame)) {
          EXPECT_THAT(t.x, Ge(0));
          EXPECT_THAT(t.y, Ge(0));
          EXPECT_THAT(t.x + t.width, Le(width));
          EXPECT_THAT(t.y + t.height, Le(height));
          EXPECT_THAT(std::min(t.width, t.height), Ge(12));
        }
    }
}

std::map<int, int> labels_of_new_objects(Scene& scene, double from, double to) {
  std::map<std::uint64_t, int> labels;
  for (double t = from; t < to; t += 0.5)
    for (const Truth& truth : scene.render(t, static_cast<std::uint64_t>(t * 15))) labels[truth.id] = truth.label;
  std::map<int, int> counts;
  for (const auto& [id, label] : labels) ++counts[label];
  return counts;
}

TEST(Scene, FollowsTheClassMix) {
  SceneDrift drift;
  drift.mix_before = {6, 0, 0, 3, 0, 1};
  Scene scene(options(8, 640, 360), drift);
  auto counts = labels_of_new_objects(scene, 0, 600);
  const double total = counts[0] + counts[3] + counts[5];
  EXPECT_GE(total, 200);
  EXPECT_EQ(counts[1] + counts[2] + counts[4], 0);
  EXPECT_THAT(counts[0] / total, DoubleNear(0.6, 0.1));
  EXPECT_THAT(counts[3] / total, DoubleNear(0.3, 0.1));
}

TEST(Scene, GivesOnlyNewObjectsTheClassesAfterTheDrift) {
  SceneDrift drift;
  drift.mix_before = {1, 0, 0, 0, 0, 0}, drift.mix_after = {0, 0, 1, 0, 0, 0};
  drift.drift = {DriftKind::kAbrupt, 20, 60};
  Scene scene(options(9), drift);
  std::set<std::uint64_t> old;
  for (double t = 0; t < 20; t += 0.5)
    for (const Truth& truth : scene.render(t, 0)) {
      EXPECT_EQ(truth.label, 0);
      old.insert(truth.id);
    }
  for (double t = 20; t < 60; t += 0.5)
    for (const Truth& truth : scene.render(t, 0))
      if (old.contains(truth.id)) {
        EXPECT_EQ(truth.label, 0) << "object " << truth.id << " changed its class";
      }
  EXPECT_THAT(labels_of_new_objects(scene, 40, 60), ElementsAre(testing::Key(2)));
}

TEST(Scene, ShowsAboutAsManyObjectsAsAskedFor) {
  auto few = options(10, 640, 360);
  few.objects = 6;
  Scene scene(few);
  double sum = 0;
  for (int i = 0; i < 200; ++i) {
    const auto shown = scene.render(i * 0.5, i).size();
    EXPECT_LE(shown, 6u);
    sum += static_cast<double>(shown);
  }
  EXPECT_GE(sum / 200, 3.0);
}

TEST(Scene, IsHalfAsBrightOrLessAtNight) {
  Conditions night;
  night.light = 0;
  Scene by_day(options(11)), by_night(options(11), under(night));
  picture(by_day, 30), picture(by_night, 30);
  EXPECT_LE(mean_luma(by_night.canvas()), 0.5 * mean_luma(by_day.canvas()));
  EXPECT_LE(contrast(by_night.canvas()), 0.6 * contrast(by_day.canvas()));
}

TEST(Scene, LosesContrastInRainAndFogAndByBlur) {
  Scene clear(options(12));
  picture(clear, 30);
  for (auto member : {&Conditions::rain, &Conditions::fog, &Conditions::blur}) {
    Conditions bad;
    bad.*member = 1;
    Scene scene(options(12), under(bad));
    picture(scene, 30);
    EXPECT_LE(contrast(scene.canvas()), 0.95 * contrast(clear.canvas()));
  }
}

TEST(DriftLevel, FollowsItsKind) {
  struct Row {
    DriftKind kind;
    double seconds, level;
  };
  for (const Row& row :
       {Row{DriftKind::kNone, 100, 0}, Row{DriftKind::kAbrupt, 19.9, 0}, Row{DriftKind::kAbrupt, 20, 1},
        Row{DriftKind::kGradual, 20, 0}, Row{DriftKind::kGradual, 50, 0.5}, Row{DriftKind::kGradual, 1000, 1},
        Row{DriftKind::kRecurring, 20, 0}, Row{DriftKind::kRecurring, 50, 1}, Row{DriftKind::kRecurring, 35, 0.5},
        Row{DriftKind::kRecurring, 80, 0}, Row{DriftKind::kRecurring, 110, 1}}) {
    SCOPED_TRACE(testing::Message() << "kind " << static_cast<int>(row.kind) << " at " << row.seconds);
    EXPECT_NEAR(drift_level({row.kind, 20, 60}, row.seconds), row.level, 1e-9);
  }
}

TEST(ClassMix, ReadsNamesAndWeights) {
  const auto mix = parse_class_mix(" car=5, bus =0.5", scene_labels());
  ASSERT_TRUE(mix) << mix.error().message;
  EXPECT_THAT(*mix, ElementsAre(5, 0, 0.5, 0, 0, 0));
  EXPECT_THAT(*parse_class_mix("", scene_labels()), ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST(ClassMix, SaysWhatIsWrong) {
  struct Row {
    const char *text, *word;
  };
  for (const Row& row : {Row{"tram=1", "'tram=1' names no class"}, Row{"car", "no '='"}, Row{"car=x", "no weight"},
                         Row{"bus= 1", "no weight"}, Row{"car=-1", "no weight"}, Row{"car=nan", "no weight"},
                         Row{"car=1e300", "no weight"}, Row{"car=0,bus=0", "no class above 0"}}) {
    const auto mix = parse_class_mix(row.text, scene_labels());
    ASSERT_FALSE(mix) << row.text;
    EXPECT_THAT(mix.error().message, HasSubstr(row.word));
  }
}

TEST(Drawing, CoversPixelsInProportion) {
  Canvas canvas(4, 4);
  Pen pen(canvas, {});
  pen.rect(1, 1, 1.5, 1, {0, 0, 0});
  EXPECT_THAT(canvas.row(1)[4 * 0], 255);
  EXPECT_THAT(canvas.row(1)[4 * 1], AllOf(Ge(0), Le(1)));
  EXPECT_NEAR(canvas.row(1)[4 * 2], 127, 2);
  EXPECT_THAT(canvas.row(1)[4 * 3], 255);
  EXPECT_THAT(canvas.row(2)[4 * 1], 255);
}

TEST(Drawing, CutsOffWhatIsOutside) {
  Canvas canvas(8, 8);
  Pen pen(canvas, {});
  pen.rect(20, 20, 5, 5, {0, 0, 0});
  EXPECT_EQ(canvas.row(7)[4 * 7], 255);
  pen.ellipse({-3, -3}, 8, 8, {0, 0, 0});
  EXPECT_LE(canvas.row(0)[0], 1);
  EXPECT_EQ(canvas.row(7)[4 * 7], 255);
  pen.polygon({{-100, 4}, {100, -300}, {50, 500}}, {9, 9, 9});
  EXPECT_LE(canvas.row(7)[4 * 7], 11);
}

TEST(Drawing, LeavesTheMiddleOfARing) {
  Canvas canvas(40, 40);
  Pen pen(canvas, {});
  pen.ring({20, 20}, 15, 4, {0, 0, 0});
  EXPECT_EQ(canvas.row(20)[4 * 20], 255);
  EXPECT_LE(canvas.row(20)[4 * 7], 2);
}

TEST(Convert, WritesGreyRedAndOddSizes) {
  Canvas canvas(5, 3);
  Pen(canvas, {}).rect(0, 0, 5, 3, {255, 0, 0});
  std::array<std::uint8_t, 45> rgb{};
  write(canvas, {OutputFormat::kRgb, {rgb.data()}, {15}});
  EXPECT_THAT(std::vector(rgb.begin(), rgb.begin() + 3), ElementsAre(Ge(254), Le(1), Le(1)));
  std::array<std::uint8_t, 15> y{};
  std::array<std::uint8_t, 6> u{}, v{};
  write(canvas, {OutputFormat::kI420, {y.data(), u.data(), v.data()}, {5, 3, 3}});
  EXPECT_NEAR(y[14], 82, 2);  // BT.601 of pure red: 81.5, 90, 240.
  EXPECT_NEAR(u[5], 90, 2);
  EXPECT_NEAR(v[5], 240, 2);
}

}  // namespace
}  // namespace ekya::scene
