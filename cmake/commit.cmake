# Writes the commit of the checkout ROOT into the header FILE, which changes only when the commit does. `-dirty` says that
# tracked files differ from it.
execute_process(COMMAND git -C ${ROOT} describe --always --dirty --abbrev=12 --exclude=* OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE no_commit)
if(no_commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${FILE} CONTENT "#define PHOTO51_COMMIT \"${commit}\"\n")
