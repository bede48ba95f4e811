// N keep-alive connections driven by one thread with one epoll: each sends its next request as soon as its last was
// answered. It knows just enough HTTP for its own requests and the answers that a server gives to them (a status line,
// a Content-Length): nothing in it may cost more than the system calls do.
//
// Threading: drive() runs on the caller's thread.
// Errors:    unavailable (the server cannot be reached, or went away), corrupt (an answer that is none).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace escapement::load {

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

struct Answer {
  int status = 0;
  std::string_view body;  // until the call returns
  base::Duration took;    // from the send to the last byte
};

// What the connections send. Called on the driving thread.
class Driver {
 public:
  virtual ~Driver() = default;
  // Appends the connection's next request to `out`; false: it has nothing more to send, ever.
  virtual bool next(unsigned connection, std::string& out) = 0;
  virtual void done(unsigned connection, const Answer& answer) = 0;
  // Ends the drive, whatever is still in flight.
  virtual bool finished() { return false; }
};

struct DriveFigures {
  std::uint64_t answers = 0;
  base::Duration elapsed;
  base::Duration own_cpu;  // of the driving thread
};

// Returns when the driver is finished, or all connections rest, or nothing was answered for `patience`.
base::Result<DriveFigures> drive(const Address& address, unsigned connections, Driver& driver,
                                 base::Duration patience = base::Duration::seconds(90));

}  // namespace escapement::load
