// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekyatestsrc/sprites.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ekyatestsrc/scene.h"

namespace ekya::scene {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A folder that goes with the test.
class Sprites : public ::testing::Test {
 protected:
  Sprites() {
    std::string pattern = (fs::temp_directory_path() / "ekya-sprites-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Sprites() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }

  fs::path folder_;
};

std::string word(unsigned value) {
  return {char(value >> 24), char(value >> 16 & 255), char(value >> 8 & 255), char(value & 255)};
}
std::string idx3(unsigned count, unsigned height, unsigned width, const std::string& pixels) {
  return word(0x803) + word(count) + word(height) + word(width) + pixels;
}
std::string idx1(const std::string& labels) {
  return word(0x801) + word(static_cast<unsigned>(labels.size())) + labels;
}

std::string ppm(int width, int height, char value = 'x') {
  return "P6\n# a comment\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n" +
         std::string(static_cast<std::size_t>(width) * height * 3, value);
}

TEST_F(Sprites, ReadsAnIdxDataSet) {
  const auto path = write("a-images-idx3-ubyte", idx3(3, 2, 2, "aaaabbbbcccc"));
  write("a-labels-idx1-ubyte", idx1(std::string("\2\0\2", 3)));
  const auto set = load_sprites(path);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT((*set)->labels, ElementsAre("0", "1", "2"));
  EXPECT_THAT((*set)->by_window, ElementsAre(ElementsAre(ElementsAre(1), ElementsAre(), ElementsAre(0, 2))));
  EXPECT_EQ((*set)->pixels[(*set)->sprites[1].offset], 'b');
}

TEST_F(Sprites, ReadsAGzippedIdxDataSet) {
  const std::string bytes = idx3(1, 1, 2, "pq");
  const std::string path = (folder_ / "b-images-idx3-ubyte.gz").string();
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  write("b-labels-idx1-ubyte.gz", idx1(std::string("\0", 1)));
  const auto set = load_sprites(path);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ((*set)->pixels[1], 'q');
}

TEST_F(Sprites, RefusesABadIdxFileByName) {
  struct Row {
    const char* name;
    std::string images, labels, word;
  };
  const std::string one("\0", 1);
  const std::vector<Row> rows{{"short", "\0\0", idx1(one), "ends within the header"},
                              {"magic", "P6 3 3 255 xxxxxxxxxxxx", idx1(one), "0 0 8 3"},
                              {"cut", idx3(2, 2, 2, "aaaa"), idx1(one + one), "before the last image"},
                              {"count", idx3(1, 2, 2, "aaaa"), idx1(one + one), "2 labels for 1 images"},
                              {"huge", idx3(0xffffffffu, 0xffffu, 0xffffu, "a"), idx1(one), "at most 512x512"},
                              {"many", idx3(0xffffffffu, 512, 512, "a"), idx1(one), "before the last image"},
                              {"none", idx3(0, 2, 2, ""), idx1(""), "0 images"},
                              {"zero", idx3(1, 0, 2, ""), idx1(one), "2x0"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto path = write(std::string(row.name) + "-images-idx3-ubyte", row.images);
    write(std::string(row.name) + "-labels-idx1-ubyte", row.labels);
    const auto set = load_sprites(path);
    ASSERT_FALSE(set);
    EXPECT_THAT(set.error().message, AllOf(HasSubstr(row.name), HasSubstr(row.word)));
  }
}

TEST_F(Sprites, IsNotHeldByAFifo) {
  const auto path = (folder_ / "f-images-idx3-ubyte").string();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto set = load_sprites(path);
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, HasSubstr("no regular file"));
}

TEST_F(Sprites, ReadsAFolderWithWindows) {
  write("index.csv", "file,class,window\r\nx/a.ppm,stop,0\r\nx/b.ppm,yield,1\r\n");
  write("x/a.ppm", ppm(2, 3)), write("x/b.ppm", ppm(4, 4));
  const auto set = load_sprites(folder_.string());
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT((*set)->labels, ElementsAre("stop", "yield"));
  EXPECT_EQ((*set)->windows, 2);
  EXPECT_EQ((*set)->sprites[0].height, 3);
}

TEST_F(Sprites, RefusesABadFolderByFileAndLine) {
  struct Row {
    std::string index, word;
  };
  const std::string head = "file,class,window\na.ppm,1,0\n";
  const std::vector<Row> rows{{"", "lists no picture"},
                              {"name,class\na.ppm,1\n", "line 1: the columns"},
                              {head + "a.ppm,1\n", "line 3: has 2 cells"},
                              {head + "../a.ppm,1,0\n", "line 3: '../a.ppm' is no path inside"},
                              {head + "/etc/passwd,1,0\n", "line 3: '/etc/passwd' is no path inside"},
                              {head + "a.ppm,1,-1\n", "line 3: window '-1'"},
                              {head + "a.ppm,1,1000000000000\n", "line 3: window"},
                              {head + "a.ppm,,0\n", "line 3: class ''"},
                              {head + "a.ppm,\x1b[2J,0\n", "line 3: class"},
                              {head + "gone.ppm,1,0\n", "line 3: "},
                              {head + "bad.ppm,1,0\n", "bad.ppm' is no binary PPM"},
                              {head + "cut.ppm,1,0\n", "cut.ppm' has 10 bytes of pixels where 12"}};
  write("a.ppm", ppm(2, 2)), write("bad.ppm", "P6 99999 2 255\nxx"), write("cut.ppm", "P6 2 2 255\nxxxxxxxxxx");
  for (const Row& row : rows) {
    SCOPED_TRACE(row.index);
    write("index.csv", row.index);
    const auto set = load_sprites(folder_.string());
    ASSERT_FALSE(set);
    EXPECT_THAT(set.error().message, AllOf(HasSubstr("index.csv"), HasSubstr(row.word)));
  }
}

TEST_F(Sprites, RideOnTheBeltsOfTheirWindow) {
  write("index.csv", "file,class,window\na.ppm,early,0\nb.ppm,late,1\n");
  write("a.ppm", ppm(8, 8, char(250))), write("b.ppm", ppm(8, 8, char(5)));
  const auto set = load_sprites(folder_.string());
  ASSERT_TRUE(set) << set.error().message;
  SceneOptions options;
  options.sprites = *set;
  SceneDrift drift;
  drift.sprites_window_seconds = 100;
  drift.mix_before = drift.mix_after = {1, 0};
  Scene scene(options, drift);
  const auto& truth = scene.render(5, 75);
  ASSERT_FALSE(truth.empty());
  EXPECT_EQ(truth[0].label, 0);
  const Truth& t = truth[0];
  EXPECT_NEAR(scene.canvas().row(t.y + t.height / 2)[4 * (t.x + t.width / 2)], 250, 2);
}

TEST_F(Sprites, ShowFashionMnist) {
  const char* path = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
  if (!fs::exists(path)) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const auto set = load_sprites(path);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT((*set)->sprites, SizeIs(kMostSprites));
  EXPECT_THAT((*set)->labels, SizeIs(10));
}

TEST_F(Sprites, ShowTrafficSigns) {
  const std::string archive = EKYA_SHARED_DATA "/images/gtsrb-drift.tar.gz";
  if (!fs::exists(archive)) GTEST_SKIP() << archive << " is missing";
  ASSERT_EQ(std::system(("tar xzf " + archive + " -C " + folder_.string()).c_str()), 0);
  const auto set = load_sprites(folder_.string());
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT((*set)->sprites, SizeIs(1902));
  EXPECT_EQ((*set)->windows, 5);
  SceneOptions options;
  options.sprites = *set;
  Scene scene(options);
  EXPECT_FALSE(scene.render(3, 45).empty());
}

}  // namespace
}  // namespace ekya::scene
