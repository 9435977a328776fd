# the report of a run: what its files hold, figures, tables, the page; paths relative to host/
set(LNN_REPORT_SOURCES
    report.cpp
    report/contents.cpp
    report/curves.cpp
    report/draw.cpp
    report/html.cpp
    report/motion.cpp
    report/results.cpp
    report/settings.cpp)
