# many models and one table; paths relative to host/
set(LNN_SWEEP_SOURCES
    sweep/page.cpp
    sweep/space.cpp
    sweep/sweep.cpp
    sweep/units.cpp)
