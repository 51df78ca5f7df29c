from work import step

if __name__ == "__main__":
    step(21)
