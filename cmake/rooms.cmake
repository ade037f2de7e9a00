# The rooms of the library as rank:name, in dependency order. A room includes only rooms of a lower rank;
# tests/rooms.cmake reads this list and fails on an include that points upward or sideways.
set(PHOTO51_ROOMS
    0:core
    1:config
    1:ops
    2:imaging
    3:preprocess
    3:radiomics
    3:genomics
    3:nn
    4:phantom
    4:data
    5:backbones
    6:fusion
    6:learners
    7:radiogenomics
    8:model
    9:run
    10:inference
    10:evaluation
    11:training
    12:report)
# Those that define torch modules or see their definitions: they share a precompiled torch/nn/module.h.
set(PHOTO51_TORCH_ROOMS nn backbones fusion radiogenomics model inference training)
