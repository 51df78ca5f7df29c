import shop
x = (
