// Threads for operations that may block, behind a bounded queue. Any thread may submit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace escapement::wire {

class BlockingPool {
 public:
  using Task = std::move_only_function<void()>;

  // Threads start with the first task that finds none idle.
  BlockingPool(unsigned threads_max, std::size_t queue_max);
  ~BlockingPool();  // runs what is queued, then joins
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // False: the queue is full; the task was not taken and is still whole.
  bool submit(Task& task);

 private:
  void run();

  const unsigned threads_max_;
  const std::size_t queue_max_;
  std::mutex mu_;  // guards all below
  std::condition_variable wake_;
  std::deque<Task> queue_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

}  // namespace escapement::wire
