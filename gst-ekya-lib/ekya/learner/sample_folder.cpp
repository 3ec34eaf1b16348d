// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/sample_folder.h"

#include <sys/stat.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "ekya/base/printable.h"

namespace ekya::learner {
namespace {

constexpr std::size_t kDigits = 12;
constexpr std::string_view kCrop = ".jpg";
constexpr char kIndex[] = "index.sqlite";

std::optional<std::int64_t> id_of(std::string_view name) {
  if (name.size() < kDigits + kCrop.size() || !name.ends_with(kCrop)) return std::nullopt;
  name.remove_suffix(kCrop.size());
  std::int64_t id = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (failed != std::errc() || end != name.data() + name.size() || id < 0) return std::nullopt;
  return id;
}

bool is_other_name_of_ours(std::string_view name) {
  static const std::set<std::string, std::less<>> names{
      kIndex, "index.sqlite-wal", "index.sqlite-shm", "index.sqlite-journal", "index.sqlite.bad", "lock"};
  return names.contains(name);
}

/// 0 when it is no regular file; a link is none.
std::uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? status.st_ino : 0;
}

}  // namespace

std::string SampleFolder::index_path() const { return path_ + "/" + kIndex; }

std::string SampleFolder::crop_path(std::int64_t id) const {
  std::string digits = std::to_string(id);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return path_ + "/" + digits + std::string(kCrop);
}

Result<SampleFolder> SampleFolder::open(FileOps& files, const std::string& path) {
  SampleFolder folder(files, path);
  if (auto made = files.make_folder(path); !made) return made.error();
  if (auto checked = folder.check_names(); !checked) return checked.error();
  if (auto made = folder.make_index(); !made) return made.error();
  return folder;
}

Status SampleFolder::check_names() const {
  const auto names = files_->list(path_);
  if (!names) return names.error();
  bool has_index = false, has_crop = false;
  for (const std::string& name : *names) {
    const bool is_crop = id_of(name).has_value();
    if ((!is_crop && !is_other_name_of_ours(name)) || inode_of(path_ + "/" + name) == 0)
      return Error{ErrorCode::kInvalidArgument, "'" + printable(path_, 4096) + "' holds '" + printable(name) +
                                                    "', which is no file of a sample store; name another folder"};
    has_index |= name == kIndex;
    has_crop |= is_crop;
  }
  if (has_crop && !has_index)
    return Error{ErrorCode::kInvalidArgument, "'" + printable(path_, 4096) + "' holds pictures but no " + kIndex +
                                                  "; move them away or name another folder"};
  return {};
}

/// SQLite would make it readable for everybody.
Status SampleFolder::make_index() {
  if (inode_of(index_path()) == 0)
    if (auto made = files_->write_new(index_path(), {}); !made) return made;
  index_file_ = inode_of(index_path());
  return {};
}

Result<std::set<std::int64_t>> SampleFolder::crops() const {
  const auto names = files_->list(path_);
  if (!names) return names.error();
  std::set<std::int64_t> crops;
  for (const std::string& name : *names)
    if (const auto id = id_of(name)) crops.insert(*id);
  return crops;
}

Status SampleFolder::set_aside_index() {
  const auto ids = crops();
  if (!ids) return ids.error();
  for (const std::int64_t id : *ids)
    if (auto removed = files_->remove(crop_path(id)); !removed) return removed;
  for (const char* journal : {"-wal", "-shm", "-journal"})
    if (auto removed = files_->remove(index_path() + journal); !removed && removed.error().code != ErrorCode::kNotFound)
      return removed;
  if (auto renamed = files_->rename(index_path(), index_path() + ".bad"); !renamed) return renamed;
  return make_index();
}

bool SampleFolder::is_in_place() const { return inode_of(index_path()) == index_file_; }

}  // namespace ekya::learner
