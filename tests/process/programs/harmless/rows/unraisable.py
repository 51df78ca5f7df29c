import shop


class Bad:
    def __del__(self):
        shop.Item.refuse()


Bad()
kept = Bad()
