#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rearview {

/// What PostgreSQL, or the way there, said no with.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(const std::string& what, std::string_view code)
      : std::runtime_error(what), sqlstate(code) {}
  /// What was asked for is at fault and will be for ever, not the server or the moment: data that
  /// it can't hold (classes 22, 23 and 54).
  bool of_data() const;

  const std::string sqlstate;  ///< empty: no server said it
};

/// A connection to PostgreSQL by libpq. What its server is asked waits for an answer for 30 s at
/// most, and for a server that doesn't answer any more not much longer. One thread at a time.
class Database {
 public:
  /// url: postgresql://…; what stands in it goes before what this program would choose. name: in
  /// the server's list of connections. Throws DatabaseError.
  Database(const std::string& url, const char* name);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// What is wrong with an address, in one sentence; the password isn't in it.
  static std::optional<std::string> fault_of(const std::string& url);

  using Rows = std::vector<std::vector<std::string>>;  ///< an empty text where there is none
  /// One statement with the texts of its $1, $2, …. Throws DatabaseError.
  Rows ask(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// Several statements without parameters. Throws DatabaseError.
  void run(const char* sql);
  /// The connection is gone; only another one helps.
  bool lost() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Everything asked of the database until commit() holds, or nothing.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.run("BEGIN"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  /// Throws DatabaseError where it can't be known that it holds.
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace rearview
