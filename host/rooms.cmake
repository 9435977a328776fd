# The rooms of host/, the lowest first: what is in one includes files of its own room, of rooms before it and of lnn/.
set(LNN_ROOMS statistics terminal files settings problem training evaluation report benchmark run sweep study compare commands)
