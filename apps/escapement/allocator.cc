// How jemalloc keeps memory: freed pages go back to the system after a second, by a thread of its own. Read by the
// library at its start.
extern "C" {
extern const char* const malloc_conf;
const char* const malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:1000,narenas:4";
}
