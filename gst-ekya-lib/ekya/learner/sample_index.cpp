// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/sample_index.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "ekya/base/printable.h"

namespace ekya::learner {
namespace {

constexpr int kApplicationId = 0x454b5941;  // "EKYA"
constexpr int kVersion = 2;

// Before anything is read. No memory-mapped file: one that somebody cuts would be a SIGBUS; with one connection only
// there is no shared memory either. A schema of somebody else's runs nothing.
constexpr char kSafeguards[] =
    "PRAGMA mmap_size = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

// NORMAL: a commit does not wait for the disk; kill -9 loses nothing, a power cut the newest rows.
constexpr char kJournal[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 256;"
    "PRAGMA journal_size_limit = 1048576;";

/// How the table's definition begins in every version.
constexpr char kTableWords[] = "CREATE TABLE samples (id INTEGER PRIMARY KEY, label TEXT NOT NULL";
constexpr char kTable[] =
    "CREATE TABLE samples (id INTEGER PRIMARY KEY, label TEXT NOT NULL, confidence REAL NOT NULL,"
    " window INTEGER NOT NULL, pts_ns INTEGER NOT NULL, size INTEGER NOT NULL, held_back INTEGER NOT NULL,"
    " digest BLOB NOT NULL, exemplar_rank INTEGER) STRICT";
/// From version 1.
constexpr char kAddRank[] = "ALTER TABLE samples ADD COLUMN exemplar_rank INTEGER";
constexpr char kClassIndex[] = "CREATE INDEX by_class ON samples (held_back, label, id)";

ErrorCode code_of(int number) {
  switch (number) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_NOMEM:
      return ErrorCode::kResource;
    case SQLITE_BUSY:
      return ErrorCode::kBusy;
    default:
      return ErrorCode::kIo;
  }
}

/// Runs `work` and turns SQLite's exception into an Error.
template <typename Work>
auto attempt(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& exception) {
    return Error{code_of(exception.getErrorCode()), std::string("sample index: ") + exception.what()};
  }
}

/// Whether a file that SQLite cannot read is an index of ours that was damaged, and not somebody else's: its first page
/// has our application id, or the words of our table, which SQLite keeps there, or nothing at all.
bool is_ours(const std::string& path) {
  constexpr std::size_t kPage = 4096, kIdAt = 68;
  std::string page(kPage, '\0');
  std::ifstream(path, std::ios::binary).read(page.data(), static_cast<std::streamsize>(page.size()));
  return page.compare(kIdAt, 4, "EKYA") == 0 || page.find(kTableWords) != std::string::npos ||
         page.find_first_not_of('\0') == std::string::npos;
}

std::int64_t number(SQLite::Database& database, const std::string& sql) { return database.execAndGet(sql).getInt64(); }

void set_version(SQLite::Database& database) { database.exec("PRAGMA user_version = " + std::to_string(kVersion)); }

void upgrade(SQLite::Database& database) {
  SQLite::Transaction transaction(database);
  database.exec(kAddRank);
  set_version(database);
  transaction.commit();
}

/// Makes the schema in an empty database, checks it in another.
Status prepare(SQLite::Database& database) {
  database.exec(kSafeguards);
  if (number(database, "SELECT count(*) FROM sqlite_schema") == 0) {
    database.exec(kJournal);
    SQLite::Transaction transaction(database);
    database.exec(kTable);
    database.exec(kClassIndex);
    database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    set_version(database);
    transaction.commit();
    return {};
  }
  const auto id = number(database, "PRAGMA application_id"), version = number(database, "PRAGMA user_version");
  if (id != kApplicationId || version < 1 || version > kVersion)
    return Error{id == kApplicationId ? ErrorCode::kInvalidArgument : ErrorCode::kCorrupt,
                 "the database has application id " + std::to_string(id) + " and version " + std::to_string(version) +
                     "; expected " + std::to_string(kApplicationId) + " and 1 to " + std::to_string(kVersion) +
                     ": it is not a sample index, or one of another release; name another folder"};
  database.exec(kJournal);
  const std::string check = database.execAndGet("PRAGMA integrity_check(1)").getString();
  if (check != "ok") return Error{ErrorCode::kCorrupt, "the sample index is damaged: " + printable(check)};
  if (version < kVersion) upgrade(database);
  return {};
}

class SqliteSampleIndex final : public SampleIndex {
 public:
  explicit SqliteSampleIndex(const std::string& path) : database_(path, SQLite::OPEN_READWRITE) {}

  Status prepare_database() { return prepare(database_); }

  Result<std::vector<std::int64_t>> add(const SampleRow& row, std::size_t most,
                                        const std::function<Status()>& write_crop) override {
    return attempt([&]() -> Result<std::vector<std::int64_t>> {
      SQLite::Transaction transaction(database_);
      insert(row);
      auto removed = remove_over(most);
      if (auto written = write_crop(); !written) return written.error();
      transaction.commit();
      return removed;
    });
  }

  Result<std::vector<std::int64_t>> shrink(std::size_t most) override {
    return attempt([&]() -> Result<std::vector<std::int64_t>> {
      SQLite::Transaction transaction(database_);
      auto removed = remove_over(most);
      transaction.commit();
      return removed;
    });
  }

  Result<bool> remove(std::int64_t id) override {
    return attempt([&]() -> Result<bool> { return remove_row(id); });
  }

  Status set_ranks(const std::vector<SampleRow>& rows) override {
    return attempt([&]() -> Status {
      SQLite::Transaction transaction(database_);
      SQLite::Statement statement(database_,
                                  "UPDATE samples SET exemplar_rank = ?1 WHERE id = ?2 AND exemplar_rank IS NOT ?1");
      for (const SampleRow& row : rows) {
        if (row.rank)
          statement.bind(1, *row.rank);
        else
          statement.bind(1);
        statement.bind(2, row.id);
        statement.exec();
        statement.reset();
      }
      transaction.commit();
      return {};
    });
  }

  Result<std::vector<SampleRow>> rows(bool held_back) const override {
    return attempt([&]() -> Result<std::vector<SampleRow>> {
      SQLite::Statement query(database_,
                              "SELECT id, label, confidence, window, size, digest, exemplar_rank FROM samples"
                              " WHERE held_back = ? ORDER BY window DESC, id DESC");
      query.bind(1, held_back ? 1 : 0);
      std::vector<SampleRow> rows;
      while (query.executeStep()) {
        rows.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getDouble(),
                        static_cast<std::uint64_t>(query.getColumn(3).getInt64()), -1, query.getColumn(4).getInt(),
                        held_back, query.getColumn(5).getString(), std::nullopt});
        if (const auto rank = query.getColumn(6); !rank.isNull()) rows.back().rank = rank.getInt();
      }
      return rows;
    });
  }

  Result<std::set<std::int64_t>> ids() const override {
    return attempt([&]() -> Result<std::set<std::int64_t>> {
      SQLite::Statement query(database_, "SELECT id FROM samples");
      std::set<std::int64_t> ids;
      while (query.executeStep()) ids.insert(query.getColumn(0).getInt64());
      return ids;
    });
  }

  Result<std::map<std::string, std::size_t>> count_by_label(std::uint64_t min_window) const override {
    return attempt([&]() -> Result<std::map<std::string, std::size_t>> {
      SQLite::Statement query(database_, "SELECT label, count(*) FROM samples WHERE window >= ? GROUP BY label");
      query.bind(1, static_cast<std::int64_t>(std::min<std::uint64_t>(min_window, INT64_MAX)));
      std::map<std::string, std::size_t> counts;
      while (query.executeStep())
        counts[query.getColumn(0).getString()] = static_cast<std::size_t>(query.getColumn(1).getInt64());
      return counts;
    });
  }

  Result<std::uint64_t> last_window() const override {
    return attempt([&]() -> Result<std::uint64_t> {
      return static_cast<std::uint64_t>(number(database_, "SELECT coalesce(max(window), 0) FROM samples"));
    });
  }

 private:
  void insert(const SampleRow& row) {
    SQLite::Statement statement(database_, "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)");
    statement.bind(1, row.id);
    statement.bind(2, row.label);
    statement.bind(3, row.confidence);
    statement.bind(4, static_cast<std::int64_t>(row.window));
    statement.bind(5, row.pts_ns);
    statement.bind(6, row.size);
    statement.bind(7, row.held_back ? 1 : 0);
    statement.bind(8, row.digest.data(), static_cast<int>(row.digest.size()));
    statement.exec();
  }

  bool remove_row(std::int64_t id) {
    SQLite::Statement statement(database_, "DELETE FROM samples WHERE id = ?");
    statement.bind(1, id);
    return statement.exec() > 0;
  }

  std::size_t count(bool held_back) {
    SQLite::Statement query(database_, "SELECT count(*) FROM samples WHERE held_back = ?");
    query.bind(1, held_back ? 1 : 0);
    query.executeStep();
    return static_cast<std::size_t>(query.getColumn(0).getInt64());
  }

  /// Held-back samples are evicted only when they pass their part of the store, so that a flood of others cannot take
  /// them all; within them, or the others, the class with most samples loses one.
  std::vector<std::int64_t> remove_over(std::size_t most) {
    std::size_t held_back = count(true), others = count(false);
    std::vector<std::int64_t> removed;
    while (held_back + others > most) {
      const bool from_held_back = held_back > most / kHeldBackPart || others == 0;
      removed.push_back(most_dispensable(from_held_back));
      remove_row(removed.back());
      --(from_held_back ? held_back : others);
    }
    return removed;
  }

  /// Of the class with most samples: the oldest one that is no exemplar, else the exemplar of the highest rank.
  std::int64_t most_dispensable(bool held_back) {
    SQLite::Statement query(database_,
                            "SELECT id FROM samples WHERE held_back = ?1 AND label ="
                            " (SELECT label FROM samples WHERE held_back = ?1 GROUP BY label"
                            " ORDER BY count(*) DESC, min(id) LIMIT 1)"
                            " ORDER BY exemplar_rank IS NOT NULL, exemplar_rank DESC, id LIMIT 1");
    query.bind(1, held_back ? 1 : 0);
    query.executeStep();
    return query.getColumn(0).getInt64();
  }

  mutable SQLite::Database database_;
};

}  // namespace

Result<std::unique_ptr<SampleIndex>> SampleIndex::open(const std::string& path) {
  auto index = attempt([&]() -> Result<std::unique_ptr<SampleIndex>> {
    auto opened = std::make_unique<SqliteSampleIndex>(path);
    if (auto prepared = opened->prepare_database(); !prepared) return prepared.error();
    return std::unique_ptr<SampleIndex>(std::move(opened));
  });
  if (index || index.error().code != ErrorCode::kCorrupt || is_ours(path)) return index;
  return Error{ErrorCode::kInvalidArgument, index.error().message};
}

}  // namespace ekya::learner
