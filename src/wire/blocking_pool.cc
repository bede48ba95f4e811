#include "wire/blocking_pool.h"

#include <pthread.h>

namespace escapement::wire {

BlockingPool::BlockingPool(unsigned threads_max, std::size_t queue_max)
    : threads_max_(threads_max), queue_max_(queue_max) {}

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool BlockingPool::submit(Task& task) {
  {
    const std::lock_guard lock(mu_);
    if (stopping_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(task));
    if (idle_ < queue_.size() && threads_.size() < threads_max_) threads_.emplace_back([this] { run(); });
  }
  wake_.notify_one();
  return true;
}

void BlockingPool::run() {
  pthread_setname_np(pthread_self(), "esc-blocking");
  std::unique_lock lock(mu_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // What it holds is let go outside the lock.
    lock.lock();
  }
}

}  // namespace escapement::wire
