# prepared studies; paths relative to host/
set(LNN_STUDY_SOURCES
    study/coordinate_errors.cpp
    study/page.cpp
    study/preferred_coordinate.cpp)
