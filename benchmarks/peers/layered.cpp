// The layered workload on SimGrid: one host per slot, one actor per host, each executes the best
// ready task. Flops are microseconds on hosts of 1e6 flops a second, so a makespan is in seconds.
//
//   g++ -O2 -o layered layered.cpp -lsimgrid && ./layered WORKLOAD.txt execute|sleep
//
// WORKLOAD.txt: tasks, slots; then a line for each task: microseconds, key, parents.
#include <simgrid/s4u.hpp>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <queue>
#include <sstream>
#include <string>
#include <vector>

namespace sg4 = simgrid::s4u;

struct Workload {
  std::vector<double> microseconds;
  std::vector<long long> key;
  std::vector<std::vector<int>> children;
  std::vector<int> waits_for;
  int slots = 0;
};

static Workload work;
static std::priority_queue<long long, std::vector<long long>, std::greater<>> ready;
static sg4::SemaphorePtr waiting;
static size_t done  = 0;
static bool sleeps  = false;
static const long long MASK = (1LL << 24) - 1;

static void offer(int task) {
  ready.push(work.key[task]);
  waiting->release();
}

static void slot() {
  while (true) {
    waiting->acquire();
    if (ready.empty())
      return;
    int task = static_cast<int>(ready.top() & MASK);
    ready.pop();
    if (sleeps)
      sg4::this_actor::sleep_for(work.microseconds[task] / 1e6);
    else
      sg4::this_actor::execute(work.microseconds[task]);
    for (int child : work.children[task])
      if (--work.waits_for[child] == 0)
        offer(child);
    if (++done == work.key.size())
      for (int i = 0; i < work.slots; i++)
        waiting->release();
  }
}

int main(int argc, char** argv) {
  sg4::Engine engine(&argc, argv);
  std::ifstream file(argv[1]);
  sleeps = std::string(argv[2]) == "sleep";
  size_t tasks;
  file >> tasks >> work.slots;
  std::string line;
  std::getline(file, line);
  work.children.resize(tasks);
  for (size_t task = 0; task < tasks; task++) {
    std::getline(file, line);
    std::istringstream fields(line);
    double microseconds;
    long long key;
    fields >> microseconds >> key;
    work.microseconds.push_back(microseconds);
    work.key.push_back(key);
    int parent, count = 0;
    while (fields >> parent) {
      work.children[parent].push_back(static_cast<int>(task));
      count++;
    }
    work.waits_for.push_back(count);
  }
  auto* zone = sg4::create_full_zone("zone");
  std::vector<sg4::Host*> hosts;
  for (int i = 0; i < work.slots; i++)
    hosts.push_back(zone->create_host("h" + std::to_string(i), 1e6));
  zone->seal();
  waiting = sg4::Semaphore::create(0);
  for (size_t task = 0; task < tasks; task++)
    if (work.waits_for[task] == 0)
      offer(static_cast<int>(task));
  for (int i = 0; i < work.slots; i++)
    sg4::Actor::create("a" + std::to_string(i), hosts[i], slot);
  std::clock_t began = std::clock();
  engine.run();
  double used = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  std::printf("%.6f %.6f\n", used, sg4::Engine::get_clock());
  return 0;
}
