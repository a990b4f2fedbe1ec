not taken
