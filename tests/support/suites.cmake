# Fails unless each suite of PROGRAM, those with parameters once for each instance, is that of one of FILTERS, and each of
# these is that of a suite. Spaces separate them; each is INSTANCE/SUITE.* or SUITE.*:*/SUITE.*
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${PROGRAM} --gtest_list_tests OUTPUT_VARIABLE listing COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[A-Za-z0-9_/]+\\." suites "\n${listing}") # tests are indented
list(TRANSFORM suites REPLACE "[\n.]" "")
string(REPLACE " " ";" filters "${FILTERS}")
list(TRANSFORM filters REPLACE "\\.\\*.*" "")
set(found "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE ".*/" "" bare ${suite}) # of any instance
  if(NOT suite IN_LIST filters AND NOT bare IN_LIST filters)
    message(SEND_ERROR "no test runs the suite ${suite} of ${PROGRAM}")
  endif()
  list(APPEND found ${suite} ${bare})
endforeach()
foreach(filter IN LISTS filters)
  if(NOT filter IN_LIST found)
    message(SEND_ERROR "${PROGRAM} has no suite ${filter}, which a test is to run")
  endif()
endforeach()
