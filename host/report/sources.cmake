# the report of a run: what its files hold, figures, film, tables, the page; paths relative to host/
include(report/page.cmake)
set(LNN_REPORT_SOURCES
    report.cpp
    report/animation.cpp
    report/contents.cpp
    report/curves.cpp
    report/draw.cpp
    report/drawing.cpp
    report/energy.cpp
    report/errors.cpp
    report/html.cpp
    report/motion.cpp
    report/pairs.cpp
    report/results.cpp
    report/scores.cpp
    report/settings.cpp
    ${LNN_PAGE_SOURCE})
