"""Form feeds and tabs."""

def run():
	if 1:
		a = 1

	return a