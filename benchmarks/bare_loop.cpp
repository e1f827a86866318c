// The simulator with nothing around it: toggles the clock of lutscale_bench until it is done.
//
// usage: bare_loop WIDTH HEIGHT FRAMES BEATS; prints "clocks seconds".

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "Vtop.h"
#include "verilated.h"

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const unsigned width = std::atoi(argv[1]), height = std::atoi(argv[2]);
    VerilatedContext context;
    Vtop top{&context};
    top.width = width;
    top.height = height;
    top.frame_pixels = width * height;
    top.pixels = width * height * std::atoi(argv[3]);
    top.beats = std::atoi(argv[4]);
    top.limit = ~0u;
    top.start = 0;
    top.aresetn = 0;
    const auto tick = [&] {
        top.aclk = 0;
        top.eval();
        top.aclk = 1;
        top.eval();
    };
    for (int k = 0; k < 8; ++k) tick();
    top.aresetn = 1;
    top.start = 1;
    unsigned long clocks = 0;
    const auto started = std::chrono::steady_clock::now();
    while (!top.done) {
        tick();
        ++clocks;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    std::printf("%lu %.6f\n", clocks, took.count());
    return 0;
}
