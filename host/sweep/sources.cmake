# many models and one table; paths relative to host/
set(LNN_SWEEP_SOURCES
    sweep/directory.cpp
    sweep/finish.cpp
    sweep/merge.cpp
    sweep/page.cpp
    sweep/piece.cpp
    sweep/plan.cpp
    sweep/rung.cpp
    sweep/space.cpp
    sweep/sweep.cpp
    sweep/table.cpp)
