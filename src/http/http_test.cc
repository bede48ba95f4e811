// The server met over real sockets: by its own client, and by clients that do not play by the rules.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <set>
#include <thread>

#include "http/client.h"
#include "http/server.h"

namespace escapement::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A client that sends bytes as they are.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void shut_sending() { ::shutdown(fd_, SHUT_WR); }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // What arrives until `enough` is in it, or the server closes, or the time is over.
  std::string receive(std::string_view enough = {}, int timeout_ms = 5'000) {
    std::string got;
    pollfd waiting{fd_, POLLIN, 0};
    char buffer[65'536];
    while (::poll(&waiting, 1, timeout_ms) == 1) {
      const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) {
        closed_ = true;
        break;
      }
      got.append(buffer, static_cast<std::size_t>(count));
      if (!enough.empty() && got.find(enough) != std::string::npos) break;
    }
    return got;
  }
  bool closed() const { return closed_; }

 private:
  int fd_;
  bool connected_ = false;
  bool closed_ = false;
};

void echo(Request&& request, Responder responder) {
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.target + "\n" + request.body;
  responder.send(std::move(response));
}

struct Fixture {
  explicit Fixture(ServerOptions options = {}, Handler handler = echo)
      : server(std::move(options), std::move(handler)) {
    port = server.listen_tcp("127.0.0.1", 0).value();
  }
  ClientRequest request(std::string method = "GET", std::string target = "/", std::string body = {}) const {
    ClientRequest made;
    made.origin = {"http", "127.0.0.1", port};
    made.method = std::move(method);
    made.target = std::move(target);
    made.body = std::move(body);
    return made;
  }
  Server server;
  std::uint16_t port = 0;
};

std::chrono::milliseconds ms(int n) { return std::chrono::milliseconds(n); }

TEST(Server, AnswersAndKeepsTheConnection) {
  Fixture f;
  RawClient client(f.port);
  client.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string first = client.receive("GET /a?b=c\n");
  EXPECT_THAT(first, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(first, HasSubstr("\r\nContent-Length: 11\r\n"));
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz");
  EXPECT_THAT(client.receive("xyz"), EndsWith("\r\n\r\nPOST /\nxyz"));
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  Fixture f;
  RawClient client(f.port);
  std::string all;
  for (int i = 0; i < 200; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  const std::string got = client.receive("GET /199\n");
  std::size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    const std::size_t found = got.find("GET /" + std::to_string(i) + "\n", at);
    ASSERT_NE(found, std::string::npos) << i;
    at = found;
  }
}

TEST(Server, AnswersPipelinedRequestsThatAreAnsweredLaterInOrder) {
  std::vector<std::jthread> threads;
  Fixture f({}, [&](Request&& request, Responder responder) {
    threads.emplace_back([target = request.target, responder = std::move(responder)]() mutable {
      Response response;
      response.body = target + "\n";
      responder.send(std::move(response));
    });
  });
  RawClient client(f.port);
  client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
  const std::string got = client.receive("/3\n");
  EXPECT_LT(got.find("/1\n"), got.find("/2\n"));
  EXPECT_LT(got.find("/2\n"), got.find("/3\n"));
  f.server.stop();
}

TEST(Server, TakesAChunkedBody) {
  Fixture f;
  RawClient client(f.port);
  client.send(
      "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\nTrailer: t\r\n\r\n");
  EXPECT_THAT(client.receive("Wikipedia"), HasSubstr("POST /c\nWikipedia"));
}

TEST(Server, TakesAChunkedBodyByteByByte) {
  Fixture f;
  RawClient client(f.port);
  for (const char c : std::string_view("POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
    client.send({&c, 1});
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  EXPECT_THAT(client.receive("abc"), HasSubstr("POST /c\nabc"));
}

TEST(Server, SendsContinueWhenAsked) {
  Fixture f;
  RawClient client(f.port);
  client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_THAT(client.receive("ok"), HasSubstr("200 OK"));
}

TEST(Server, ClosesAfterHttp10AndConnectionClose) {
  Fixture f;
  RawClient old(f.port);
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.receive(), HasSubstr("Connection: close"));
  EXPECT_TRUE(old.closed());
  RawClient done(f.port);
  done.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(done.receive(), EndsWith("GET /\n"));
  EXPECT_TRUE(done.closed());
}

TEST(Server, AnswersHeadWithoutABody) {
  Fixture f;
  RawClient client(f.port);
  client.send("HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string got = client.receive();
  EXPECT_THAT(got, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(got, EndsWith("\r\n\r\n"));
}

TEST(Server, CarriesLargeBodiesBothWays) {
  Fixture f;
  RawClient client(f.port);
  const std::string body(20'000'000, 'b');
  std::jthread sender(
      [&] { client.send("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n" + body); });
  const std::string got = client.receive({}, 20'000);
  EXPECT_THAT(got, HasSubstr("Content-Length: 20000007\r\n"));
  EXPECT_EQ(got.size() - got.find("\r\n\r\n") - 4, 20'000'007u);
}

TEST(Server, RefusesWhatIsNotHttp) {
  Fixture f;
  for (const std::string_view bytes :
       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nBad Name: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"}) {
    RawClient client(f.port);
    client.send(bytes);
    const std::string got = client.receive();
    EXPECT_THAT(got, testing::MatchesRegex("HTTP/1.1 (400|505) .*")) << bytes.substr(0, 40);
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(f.server.figures().requests, 0u);
}

TEST(Server, RefusesAHeaderBeyondTheLimit) {
  ServerOptions options;
  options.header_bytes_max = 8'192;
  Fixture f(options);
  RawClient one(f.port);
  one.send("GET / HTTP/1.1\r\nX: " + std::string(10'000, 'x'));
  EXPECT_THAT(one.receive(), StartsWith("HTTP/1.1 431 "));
  RawClient many(f.port);
  std::string fields = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 1'000; ++i) fields += "X-" + std::to_string(i) + ": 0123456789\r\n";
  many.send(fields);
  EXPECT_THAT(many.receive(), StartsWith("HTTP/1.1 431 "));
  RawClient good(f.port);
  good.send("GET / HTTP/1.1\r\nX: " + std::string(7'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(good.receive("GET /\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(Server, RefusesABodyBeyondTheLimitAndStillAnswers) {
  ServerOptions options;
  options.body_bytes_max = 1'000;
  Fixture f(options);
  RawClient declared(f.port);
  declared.send("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n" + std::string(1'001, 'x'));
  EXPECT_THAT(declared.receive(), StartsWith("HTTP/1.1 413 "));
  RawClient chunked(f.port);
  chunked.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n" + std::string(500, 'x') + "\r\n1f5\r\n" +
               std::string(501, 'x') + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunked.receive(), StartsWith("HTTP/1.1 413 "));
}

TEST(Server, DoesNotWaitForASlowHeaderOrBody) {
  ServerOptions options;
  options.header_timeout = ms(200);
  options.body_timeout = ms(200);
  Fixture f(options);
  RawClient silent(f.port);
  RawClient header(f.port);
  RawClient body(f.port);
  header.send("GET / HTTP/1.1\r\nX: y");
  body.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(header.receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(body.receive(), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(silent.receive(), "");
  EXPECT_TRUE(silent.closed());
}

TEST(Server, ADripOfHeaderBytesDoesNotExtendTheTime) {
  ServerOptions options;
  options.header_timeout = ms(300);
  Fixture f(options);
  RawClient client(f.port);
  client.send("GET / HTTP/1.1\r\n");
  std::string got;
  for (int i = 0; i < 100 && got.empty(); ++i) {
    client.send("X: y\r\n");
    got = client.receive("\r\n\r\n", 50);
  }
  EXPECT_THAT(got, StartsWith("HTTP/1.1 408 "));
}

TEST(Server, AFastStartOfABodyIsNoCreditForADripAfterIt) {
  ServerOptions options;
  options.body_timeout = ms(300);
  Fixture f(options);
  RawClient client(f.port);
  client.send("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(200'000, 'x'));
  std::string got;
  for (int i = 0; i < 100 && got.empty(); ++i) {
    client.send("x");
    got = client.receive("\r\n\r\n", 50);
  }
  EXPECT_THAT(got, StartsWith("HTTP/1.1 408 "));
}

TEST(Server, BodiesTogetherAreBoundedAndSmallOnesAreStillTaken) {
  ServerOptions options;
  options.bodies_bytes_max = 4'000'000;
  Fixture f(options);
  const auto large = [](std::size_t sent) {
    return "POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n" + std::string(sent, 'x');
  };
  std::vector<std::unique_ptr<RawClient>> holding;
  std::string refused;
  for (int i = 0; i < 10 && refused.empty(); ++i) {
    holding.push_back(std::make_unique<RawClient>(f.port));
    holding.back()->send(large(1'900'000));
    refused = holding.back()->receive("\r\n\r\n", 200);
  }
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  RawClient small(f.port);
  small.send("POST / HTTP/1.1\r\nContent-Length: 60000\r\n\r\n");
  small.send(std::string(60'000, 'x'));
  EXPECT_THAT(small.receive(std::string(100, 'x')), StartsWith("HTTP/1.1 200 "));
  holding.clear();
  std::string taken;
  for (int i = 0; i < 100 && !taken.starts_with("HTTP/1.1 200 "); ++i) {  // once the server has seen them leave
    RawClient again(f.port);
    again.send(large(2'000'000));
    taken = again.receive(std::string(100, 'x'));
  }
  EXPECT_THAT(taken, StartsWith("HTTP/1.1 200 "));
}

TEST(Server, AnIdleConnectionDoesNotKeepItsLargeAnswer) {
  constexpr std::size_t kAnswerBytes = 1'000'000;
  Fixture f({}, [](Request&&, Responder responder) {
    Response response;
    response.body = std::string(kAnswerBytes, 'x') + "end";
    responder.send(std::move(response));
  });
  const auto in_use = [] {
    const struct mallinfo2 heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
  };
  const std::size_t before = in_use();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(f.port));
    clients.back()->send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(clients.back()->receive("end"), EndsWith("end"));
  }
  clients.back()->send("GET / HTTP/1.1\r\n\r\n");  // answered when all before it are done with
  clients.back()->receive("end");
  EXPECT_LT(in_use(), before + 5 * kAnswerBytes);
}

TEST(Server, AnsweredBodiesMakeRoomForOthers) {
  ServerOptions options;
  options.bodies_bytes_max = 3'000'000;
  Fixture f(options);
  RawClient client(f.port);
  for (int i = 0; i < 10; ++i) {
    client.send("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(999'990, 'x') + "0123456789");
    EXPECT_THAT(client.receive("0123456789"), StartsWith("HTTP/1.1 200 ")) << i;
  }
}

TEST(Server, ClosesIdleConnectionsAndCountsThem) {
  ServerOptions options;
  options.idle_timeout = ms(100);
  Fixture f(options);
  RawClient client(f.port);
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive("GET /\n"), HasSubstr("200 OK"));
  EXPECT_EQ(f.server.figures().connections, 1u);
  client.receive();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(f.server.figures().connections, 0u);
}

TEST(Server, RefusesConnectionsBeyondTheLimit) {
  ServerOptions options;
  options.connections_max = 2;
  Fixture f(options);
  RawClient a(f.port);
  RawClient b(f.port);
  for (RawClient* client : {&a, &b}) {
    client->send("GET / HTTP/1.1\r\n\r\n");
    client->receive("GET /\n");
  }
  RawClient c(f.port);
  EXPECT_THAT(c.receive(), StartsWith("HTTP/1.1 503 "));
}

TEST(Server, TellsALongPollThatItsClientLeft) {
  std::promise<void> left;
  std::promise<void> arrived;
  std::optional<Responder> held;
  Fixture f({}, [&](Request&&, Responder responder) {
    responder.on_disconnect([&] { left.set_value(); });
    held.emplace(std::move(responder));
    arrived.set_value();
  });
  {
    RawClient client(f.port);
    client.send("GET / HTTP/1.1\r\n\r\n");
    arrived.get_future().wait();
  }
  EXPECT_EQ(left.get_future().wait_for(ms(5'000)), std::future_status::ready);
  held.reset();
  f.server.stop();
}

TEST(Server, AnswersAClientThatShutItsSendingSide) {
  std::jthread later;
  Fixture f({}, [&](Request&&, Responder responder) {
    later = std::jthread([responder = std::move(responder)]() mutable {
      std::this_thread::sleep_for(ms(50));
      Response response;
      response.body = "late";
      responder.send(std::move(response));
    });
  });
  RawClient client(f.port);
  client.send("GET / HTTP/1.1\r\n\r\n");
  client.shut_sending();
  EXPECT_THAT(client.receive(), EndsWith("late"));
}

TEST(Server, AForgottenResponderAnswers500) {
  Fixture f({}, [](Request&&, Responder) {});
  RawClient client(f.port);
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive("\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST(Server, FieldsOfAnAnswerCannotEndTheirLine) {
  Fixture f({}, [](Request&&, Responder responder) {
    Response response;
    response.fields.emplace_back("X-A", "b\r\nX-C: d");
    responder.send(std::move(response));
  });
  RawClient client(f.port);
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(client.receive("\r\n\r\n"), HasSubstr("X-A: b  X-C: d\r\n"));
}

TEST(Server, StopsAcceptingButFinishesWhatIsInFlight) {
  std::promise<Responder> held;
  Fixture f({}, [&](Request&&, Responder responder) { held.set_value(std::move(responder)); });
  RawClient client(f.port);
  client.send("GET / HTTP/1.1\r\n\r\n");
  Responder responder = held.get_future().get();
  std::jthread stopping([&] { f.server.stop(ms(5'000)); });
  std::this_thread::sleep_for(ms(50));
  Response response;
  response.body = "last words";
  responder.send(std::move(response));
  const std::string got = client.receive();
  EXPECT_THAT(got, HasSubstr("Connection: close"));
  EXPECT_THAT(got, EndsWith("last words"));
  stopping.join();
  EXPECT_FALSE(RawClient(f.port).connected());
}

TEST(Server, ServesAUnixSocketAndReplacesADeadOne) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("esc-http-test-" + std::to_string(::getpid()) + ".sock");
  Server server({}, echo);
  ASSERT_TRUE(server.listen_unix(path));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  Server second({}, echo);
  EXPECT_FALSE(second.listen_unix(path)) << "in use";
  Loop loop;
  Client client(loop, {});
  ClientRequest request;
  request.origin = {"unix", path, 0};
  request.target = "/over/unix";
  EXPECT_EQ(client.send_and_wait(std::move(request))->body, "GET /over/unix\n");
  server.stop();
  EXPECT_TRUE(second.listen_unix(path)) << "dead";
  std::filesystem::remove(path);
}

TEST(Server, SpreadsConnectionsOverLoops) {
  ServerOptions options;
  options.loops = 3;
  std::mutex mu;
  std::set<std::thread::id> threads;
  Fixture f(options, [&](Request&&, Responder responder) {
    const std::lock_guard lock(mu);
    threads.insert(std::this_thread::get_id());
    responder.send({});
  });
  for (int i = 0; i < 6; ++i) {
    RawClient client(f.port);
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.receive("\r\n\r\n");
  }
  EXPECT_EQ(threads.size(), 3u);
}

// A key and a certificate that signs itself, good for "localhost", as PEM files.
struct TestCertificate {
  TestCertificate() {
    directory = std::filesystem::temp_directory_path() / ("esc-http-test-tls-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    const unsigned char common[] = "localhost";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());
    FILE* out = std::fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    out = std::fopen(certificate_file().c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~TestCertificate() { std::filesystem::remove_all(directory); }
  std::string key_file() const { return directory / "key.pem"; }
  std::string certificate_file() const { return directory / "certificate.pem"; }
  std::filesystem::path directory;
};

TEST(Tls, CarriesLargeBodiesAndIsVerified) {
  const TestCertificate certificate;
  ServerOptions options;
  options.tls_certificate_file = certificate.certificate_file();
  options.tls_key_file = certificate.key_file();
  Fixture f(options);
  Loop loop;
  ClientOptions trusting;
  trusting.ca_file = certificate.certificate_file();
  Client client(loop, trusting);
  auto request = f.request("POST", "/tls", std::string(3'000'000, 'x'));
  request.origin.scheme = "https";
  request.origin.host = "localhost";
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.send_and_wait(request);
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->body.size(), 3'000'000 + sizeof "POST /tls");
  }
  EXPECT_EQ(f.server.figures().connections, 1u);
  request.body.clear();
  request.origin.host = "127.0.0.1";
  EXPECT_EQ(client.send_and_wait(request).error().code, base::ErrorCode::unavailable) << "another name";
  request.origin.host = "localhost";
  Client careful(loop, {});
  EXPECT_EQ(careful.send_and_wait(request).error().code, base::ErrorCode::unavailable) << "unknown issuer";
  ClientOptions careless;
  careless.verify_tls = false;
  Client any(loop, careless);
  EXPECT_EQ(any.send_and_wait(request)->status, 200);
}

TEST(Tls, AnUnreadableCertificateIsAnError) {
  ServerOptions options;
  options.tls_certificate_file = "/nonexistent.pem";
  options.tls_key_file = "/nonexistent.key";
  Server server(options, echo);
  EXPECT_EQ(server.listen_tcp("127.0.0.1", 0).error().code, base::ErrorCode::invalid);
}

TEST(Loop, RunsTasksInOrderAndTimersNeverEarly) {
  Loop loop;
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) loop.post([&, i] { order.push_back(i); });
  const auto due = std::chrono::steady_clock::now() + ms(30);
  const TimerId cancelled = loop.post_at(due - ms(10), [&] { order.push_back(-1); });
  loop.post_at(due, [&] {
    EXPECT_GE(std::chrono::steady_clock::now(), due);
    done.set_value();
  });
  loop.cancel(cancelled);
  done.get_future().wait();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Client, KeepsConnectionsAndSurvivesTheServerClosingThem) {
  ServerOptions options;
  options.idle_timeout = ms(100);
  Fixture f(options);
  Loop loop;
  Client client(loop, {});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.send_and_wait(f.request("PUT", "/k", "v"))->body, "PUT /k\nv");
  EXPECT_EQ(f.server.figures().connections, 1u);
  while (f.server.figures().connections > 0) std::this_thread::yield();
  EXPECT_EQ(client.send_and_wait(f.request("PUT", "/k", "w"))->body, "PUT /k\nw");
}

TEST(Client, QueuesBeyondItsConnections) {
  Fixture f;
  Loop loop;
  ClientOptions options;
  options.connections_per_origin_max = 2;
  Client client(loop, options);
  std::atomic<int> left = 100;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) {
    client.send(f.request("POST", "/" + std::to_string(i), "x"), [&, i](base::Result<ClientResponse> result) {
      ASSERT_TRUE(result) << result.error().to_string();
      EXPECT_EQ(result->body, "POST /" + std::to_string(i) + "\nx");
      if (--left == 0) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT_LE(f.server.figures().connections, 2u);
}

TEST(Client, TellsWhatWentWrong) {
  std::vector<Responder> held;
  Fixture f({}, [&](Request&& request, Responder responder) {
    if (request.target == "/large") {
      Response response;
      response.body.assign(2'000, 'x');
      responder.send(std::move(response));
    } else {
      held.push_back(std::move(responder));
    }
  });
  Loop loop;
  ClientOptions options;
  options.body_bytes_max = 1'000;
  Client client(loop, options);
  auto request = f.request("GET", "/never");
  request.timeout = ms(100);
  EXPECT_EQ(client.send_and_wait(request).error().code, base::ErrorCode::unavailable);
  EXPECT_EQ(client.send_and_wait(f.request("GET", "/large")).error().code, base::ErrorCode::limit_exceeded);
  EXPECT_EQ(client.send_and_wait(f.request("GET", "/a b")).error().code, base::ErrorCode::invalid);
  auto nobody = f.request();
  nobody.origin.port = 1;
  EXPECT_EQ(client.send_and_wait(nobody).error().code, base::ErrorCode::unavailable);
  f.server.stop();
  held.clear();
}

TEST(Url, IsTakenApart) {
  const auto url = parse_url("https://example.com/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin, (Origin{"https", "example.com", 443}));
  EXPECT_EQ(url->target, "/a/b?c=d");
  EXPECT_EQ(url->origin.authority(), "example.com");
  EXPECT_EQ(parse_url("http://[::1]:8080")->origin.authority(), "[::1]:8080");
  EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
  for (const std::string_view bad :
       {"", "example.com", "ftp://x/", "http://", "http://u@h/", "http://h:0/", "http://h:99999/", "http://h/a b"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace escapement::http
