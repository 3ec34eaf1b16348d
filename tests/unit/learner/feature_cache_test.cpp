// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/feature_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "support/fault_file_ops.h"
#include "support/fault_temp_folder.h"

namespace ekya::learner {
namespace {

using ekya::testing::FaultFileOps;
using ekya::testing::FaultKind;
using ekya::testing::names_in;
using ekya::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kFeatures = 20, kRecord = 16 + 2 * kFeatures + 8;
const std::string kTrunk(64, 'a'), kOther(64, 'b');

SampleKey key_of(int sample) {
  return sample_key(
      std::vector<std::uint8_t>{static_cast<std::uint8_t>(sample), static_cast<std::uint8_t>(sample / 256)});
}

/// Whole numbers, which half precision holds exactly.
std::vector<float> values_of(int sample) {
  std::vector<float> values;
  for (std::size_t i = 0; i < kFeatures; ++i) values.push_back(static_cast<float>(sample) - 3 * static_cast<float>(i));
  return values;
}

void store(FeatureCache& cache, int first, int last, const std::string& trunk = kTrunk) {
  for (int sample = first; sample <= last; ++sample) cache.store(trunk, key_of(sample), values_of(sample));
}

/// How many of the samples are there; each must be right.
int found(FeatureCache& cache, int first, int last, const std::string& trunk = kTrunk) {
  int count = 0;
  for (int sample = first; sample <= last; ++sample)
    if (const auto values = cache.find(trunk, key_of(sample))) {
      EXPECT_EQ(*values, values_of(sample)) << "sample " << sample;
      ++count;
    }
  return count;
}

std::size_t bytes_in(const std::string& folder) {
  std::size_t bytes = 0;
  for (const std::string& name : names_in(folder, ".features"))
    bytes += std::filesystem::file_size(folder + "/" + name);
  return bytes;
}

TEST(FeatureCache, GivesBackWhatWasStored) {
  const auto cache = FeatureCache::open("");
  store(*cache, 1, 30);
  EXPECT_EQ(found(*cache, 1, 40), 30);
  EXPECT_EQ(cache->counts().hits, 30U);
  EXPECT_EQ(cache->counts().misses, 10U);
  EXPECT_EQ(cache->counts().memory_bytes, 30 * kRecord);
}

TEST(FeatureCache, KeepsTrunksApart) {
  const auto cache = FeatureCache::open("");
  store(*cache, 1, 5);
  EXPECT_EQ(found(*cache, 1, 5, kOther), 0);
}

TEST(FeatureCache, RoundsToHalfPrecision) {
  const auto cache = FeatureCache::open("");
  cache->store(kTrunk, key_of(1), std::vector<float>{1.0F / 3, -1e-8F});
  EXPECT_THAT(*cache->find(kTrunk, key_of(1)), ::testing::ElementsAre(0.333251953125F, 0));
}

TEST(FeatureCache, DoesNotKeepWhatHalfPrecisionCannotHold) {
  const auto cache = FeatureCache::open("");
  for (const float value :
       {70'000.0F, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    cache->store(kTrunk, key_of(1), std::vector<float>{1, value});
    EXPECT_FALSE(cache->find(kTrunk, key_of(1))) << value;
  }
  cache->store(kTrunk, key_of(1), {});
  EXPECT_FALSE(cache->find(kTrunk, key_of(1)));
}

TEST(FeatureCache, DoesNotKeepAnotherNumberOfFeaturesOfATrunk) {
  const auto cache = FeatureCache::open("");
  store(*cache, 1, 1);
  cache->store(kTrunk, key_of(2), std::vector<float>(kFeatures + 1));
  EXPECT_FALSE(cache->find(kTrunk, key_of(2)));
}

TEST(FeatureCache, ForgetsTheEntryUsedLongestAgo) {
  const auto cache = FeatureCache::open("", {.memory_bytes = 10 * kRecord, .disk_bytes = 0});
  store(*cache, 1, 10);
  EXPECT_EQ(found(*cache, 1, 3), 3);
  store(*cache, 11, 17, kOther);
  EXPECT_EQ(cache->counts().memory_bytes, 10 * kRecord);
  EXPECT_EQ(found(*cache, 1, 3), 3);
  EXPECT_EQ(found(*cache, 4, 10), 0);
  EXPECT_EQ(found(*cache, 11, 17, kOther), 7);
}

TEST(FeatureCache, FindsEverythingAgainAfterARestart) {
  const TempFolder folder;
  {
    const auto cache = FeatureCache::open(folder / "features");
    store(*cache, 1, 50);
    store(*cache, 1, 7, kOther);
  }
  const auto cache = FeatureCache::open(folder / "features");
  EXPECT_EQ(cache->counts().disk_bytes, bytes_in(folder / "features"));
  EXPECT_EQ(found(*cache, 1, 60), 50);
  EXPECT_EQ(found(*cache, 1, 60, kOther), 7);
  EXPECT_EQ(cache->counts().corrupt, 0U);
  EXPECT_EQ(cache->counts().io_failures, 0U);
}

TEST(FeatureCache, IsReadableByItsOwnerOnly) {
  const TempFolder folder;
  const auto cache = FeatureCache::open(folder / "features");
  store(*cache, 1, 1);
  cache->flush();
  struct stat status {};
  ASSERT_EQ(stat((folder / "features").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  const auto names = names_in(folder / "features", ".features");
  ASSERT_THAT(names, SizeIs(1));
  ASSERT_EQ(stat((folder / "features/" + names[0]).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(FeatureCache, ReadsFromDiskWhatDoesNotFitIntoMemory) {
  const TempFolder folder;
  const auto cache = FeatureCache::open(folder / "features", {.memory_bytes = 5 * kRecord});
  store(*cache, 1, 40);
  cache->flush();
  EXPECT_EQ(found(*cache, 1, 40), 40);
  EXPECT_LE(cache->counts().memory_bytes, 5 * kRecord);
  EXPECT_THAT(names_in(folder / "features", ".features"), SizeIs(1)) << "nothing was written twice";
}

TEST(FeatureCache, StaysWithinItsBytesOnDisk) {
  const TempFolder folder;
  constexpr std::size_t kLimit = 100 * kRecord;
  const auto cache = FeatureCache::open(folder / "features", {.memory_bytes = kRecord, .disk_bytes = kLimit});
  for (int sample = 1; sample <= 1000; ++sample) {
    store(*cache, sample, sample, sample % 3 ? kTrunk : kOther);
    ASSERT_LE(bytes_in(folder / "features"), kLimit);
  }
  cache->flush();
  EXPECT_LE(bytes_in(folder / "features"), kLimit);
  EXPECT_EQ(cache->counts().disk_bytes, bytes_in(folder / "features"));
  const int kept = found(*cache, 1, 1000) + found(*cache, 1, 1000, kOther);
  EXPECT_GE(kept, 60);
  EXPECT_LE(kept, 100);
  EXPECT_EQ(found(*cache, 1000, 1000), 1) << "the newest";
  EXPECT_EQ(found(*cache, 1, 500), 0) << "the oldest";
}

TEST(FeatureCache, RemovesTheTrunkUsedLongestAgoFromDisk) {
  const TempFolder folder;
  constexpr std::size_t kLimit = 100 * kRecord;
  const auto cache = FeatureCache::open(folder / "features", {.memory_bytes = kRecord, .disk_bytes = kLimit});
  store(*cache, 1, 26);
  store(*cache, 1, 26, kOther);
  EXPECT_EQ(found(*cache, 1, 1), 1);  // kOther is now the older one.
  store(*cache, 27, 78);
  cache->flush();
  EXPECT_GE(found(*cache, 1, 26), 26);
  EXPECT_LT(found(*cache, 1, 26, kOther), 26);
}

TEST(FeatureCache, ShrinksAFolderThatIsTooLarge) {
  const TempFolder folder;
  {
    const auto cache = FeatureCache::open(folder / "features", {.disk_bytes = 400 * kRecord});
    store(*cache, 1, 300);
  }
  const auto cache = FeatureCache::open(folder / "features", {.disk_bytes = 100 * kRecord});
  EXPECT_LE(bytes_in(folder / "features"), 100 * kRecord);
  EXPECT_EQ(found(*cache, 300, 300), 1);
}

TEST(FeatureCache, LeavesForeignFilesAlone) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "features");
  const std::vector<std::string> foreign{"notes.txt", "000000000001-" + kTrunk + "-5.feature",
                                         "1-" + kTrunk + "-5.features",
                                         "000000000001-" + std::string(64, 'A') + "-5.features",
                                         "000000000001-" + kTrunk + "-99999999999999999999.features"};
  for (const auto& name : foreign) ekya::testing::write_text(folder / ("features/" + name), "12345");
  const auto cache = FeatureCache::open(folder / "features", {.disk_bytes = 10 * kRecord});
  store(*cache, 1, 100);
  cache->flush();
  for (const auto& name : foreign) EXPECT_EQ(ekya::testing::file_text(folder / ("features/" + name)), "12345");
}

TEST(FeatureCache, ComputesADamagedEntryAgain) {
  const TempFolder folder;
  {
    const auto cache = FeatureCache::open(folder / "features");
    store(*cache, 1, 3);
  }
  const std::string path = folder / ("features/" + names_in(folder / "features", ".features").at(0));
  const std::string whole = ekya::testing::file_text(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    SCOPED_TRACE(at);
    std::filesystem::remove_all(folder / "features");
    std::filesystem::create_directory(folder / "features");
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    ekya::testing::write_text(path, damaged);
    const auto cache = FeatureCache::open(folder / "features");
    EXPECT_EQ(found(*cache, 1, 3), at < 12 ? 0 : 2);
    EXPECT_GE(cache->counts().corrupt, 1U);
    store(*cache, 1, 3);
    EXPECT_EQ(found(*cache, 1, 3), 3);
  }
}

TEST(FeatureCache, RemovesAFileWithoutAnythingValid) {
  const TempFolder folder;
  {
    const auto cache = FeatureCache::open(folder / "features");
    store(*cache, 1, 1);
  }
  const std::string path = folder / ("features/" + names_in(folder / "features", ".features").at(0));
  ekya::testing::write_text(path, "");
  const auto cache = FeatureCache::open(folder / "features");
  EXPECT_EQ(found(*cache, 1, 1), 0);
  EXPECT_THAT(names_in(folder / "features", ".features"), IsEmpty());
}

struct Faulty {
  FaultKind kind;
  bool for_ever;
};
class FeatureCacheFaults : public ::testing::TestWithParam<Faulty> {};

// What goes on around it never notices: everything stored is found, from memory if need be, and never wrong.
TEST_P(FeatureCacheFaults, NeverReachTheCallerWhicheverCallFails) {
  for (std::size_t nth = 1, calls = 1; nth <= calls; ++nth) {
    SCOPED_TRACE(nth);
    const TempFolder folder;
    {
      const auto before = FeatureCache::open(folder / "features", {.disk_bytes = 100 * kRecord});
      store(*before, 1, 60);
    }
    FaultFileOps files;
    files.set_fault({nth, GetParam().for_ever, GetParam().kind});
    {
      const auto cache = FeatureCache::open(folder / "features", {.disk_bytes = 100 * kRecord}, files);
      found(*cache, 1, 60);
      store(*cache, 61, 160);
      EXPECT_EQ(found(*cache, 61, 160), 100);
      EXPECT_LE(cache->counts().disk_bytes, 100 * kRecord);
      cache->flush();
      calls = std::max(calls, files.calls());
      EXPECT_EQ(cache->counts().io_failures > 0, nth <= files.calls());
      if (cache->counts().io_failures > 0) {
        EXPECT_THAT(cache->counts().last_failure, HasSubstr("injected"));
      }
    }
    const auto after = FeatureCache::open(folder / "features", {.disk_bytes = 100 * kRecord});
    found(*after, 1, 160);
  }
}

INSTANTIATE_TEST_SUITE_P(All, FeatureCacheFaults,
                         ::testing::Values(Faulty{FaultKind::kIo, false}, Faulty{FaultKind::kIo, true},
                                           Faulty{FaultKind::kFull, false}, Faulty{FaultKind::kFull, true},
                                           Faulty{FaultKind::kShortWrite, false},
                                           Faulty{FaultKind::kShortWrite, true}));

TEST(FeatureCache, WorksInMemoryWhereTheFolderIsInUse) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "features");
  const auto lock = FolderLock::take(folder / "features");
  ASSERT_TRUE(lock);
  const auto cache = FeatureCache::open(folder / "features");
  EXPECT_THAT(cache->counts().last_failure, HasSubstr("in use"));
  store(*cache, 1, 3);
  EXPECT_EQ(found(*cache, 1, 3), 3);
  EXPECT_EQ(cache->counts().disk_bytes, 0U);
}

TEST(FeatureCache, IsOneObjectAFolder) {
  const TempFolder folder;
  const auto cache = FeatureCache::open(folder / "features");
  EXPECT_EQ(FeatureCache::open(folder / "./features"), cache);
  EXPECT_NE(FeatureCache::open(folder / "others"), cache);
  EXPECT_NE(FeatureCache::open(""), FeatureCache::open(""));
}

TEST(FeatureCache, ServesThreadsThatShareIt) {
  const TempFolder folder;
  const auto cache =
      FeatureCache::open(folder / "features", {.memory_bytes = 50 * kRecord, .disk_bytes = 200 * kRecord});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 20; ++round) {
        store(*cache, 1 + 10 * t, 40 + 10 * t, round % 2 ? kTrunk : kOther);
        found(*cache, 1, 80, round % 3 ? kTrunk : kOther);
        if (round % 5 == t) cache->flush();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(cache->counts().memory_bytes, 50 * kRecord);
  EXPECT_LE(bytes_in(folder / "features"), 200 * kRecord);
  EXPECT_GT(found(*cache, 1, 70), 0);
}

}  // namespace
}  // namespace ekya::learner
