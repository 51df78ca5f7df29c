import shop, sys

sys.excepthook = lambda kind, error, place: print("hook", kind, error, place.tb_lineno)
shop.Item.refuse()
