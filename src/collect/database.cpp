#include "collect/database.h"

#include <fmt/core.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>

#include "base/printable_url.h"

namespace rearview {
namespace {

struct Closer {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Answer = std::unique_ptr<PGresult, Closer>;

/// libpq's words in one line.
std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n' || c == '\t')
      line += ' ';
    else
      line += c;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line.substr(0, 500);
}

}  // namespace

struct Database::State {
  std::unique_ptr<PGconn, Closer> connection;

  Answer checked(PGresult* raw) const {
    Answer answer(raw);
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return answer;
    const char* code = answer ? PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE) : nullptr;
    const char* why = answer ? PQresultErrorField(answer.get(), PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    throw DatabaseError(in_one_line(why ? why : PQerrorMessage(connection.get())),
                        code ? code : "");
  }
};

bool DatabaseError::of_data() const {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("54");
}

std::optional<std::string> Database::fault_of(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, Closer> parsed(PQconninfoParse(url.c_str(), nullptr));
  if (parsed && (url.starts_with("postgresql://") || url.starts_with("postgres://")))
    return std::nullopt;
  return fmt::format("\"{}\" is not postgresql://[USER@]HOST[:PORT]/DATABASE", printable_url(url));
}

Database::Database(const std::string& url, const char* name) : state_(std::make_unique<State>()) {
  // What stands in the address comes last and goes before.
  const std::array keys{"connect_timeout",
                        "tcp_user_timeout",
                        "keepalives_idle",
                        "application_name",
                        "client_encoding",
                        "dbname",
                        static_cast<const char*>(nullptr)};
  const std::array values{
      "10", "20000", "20", name, "UTF8", url.c_str(), static_cast<const char*>(nullptr)};
  state_->connection.reset(PQconnectdbParams(keys.data(), values.data(), 1));
  PGconn* connection = state_->connection.get();
  if (!connection || PQstatus(connection) != CONNECTION_OK)
    throw DatabaseError(connection ? in_one_line(PQerrorMessage(connection)) : "no memory", "");
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  run("SET statement_timeout = '30s'; SET timezone = 'UTC'; SET datestyle = 'ISO'");
}

Database::~Database() = default;

Database::Rows Database::ask(const std::string& sql, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& one : parameters) values.push_back(one.c_str());
  const Answer answer = state_->checked(PQexecParams(state_->connection.get(), sql.c_str(),
                                                     static_cast<int>(values.size()), nullptr,
                                                     values.data(), nullptr, nullptr, 0));
  Rows rows(static_cast<std::size_t>(PQntuples(answer.get())));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (int column = 0; column < PQnfields(answer.get()); ++column)
      rows[row].emplace_back(PQgetvalue(answer.get(), static_cast<int>(row), column));
  }
  return rows;
}

void Database::run(const char* sql) {
  state_->checked(PQexec(state_->connection.get(), sql));
}

bool Database::lost() const {
  return PQstatus(state_->connection.get()) != CONNECTION_OK;
}

Transaction::~Transaction() {
  if (!open_ || database_.lost()) return;
  try {
    database_.run("ROLLBACK");
  } catch (const DatabaseError&) {
    // The server rolls back what isn't committed when the connection ends.
  }
}

void Transaction::commit() {
  open_ = false;
  database_.run("COMMIT");
}

}  // namespace rearview
