"""PonyORM reads the byte code of generators and lambdas."""

from pony import orm

db = orm.Database()


class Item(db.Entity):
    name = orm.Required(str)
    price = orm.Required(int)


db.bind("sqlite", ":memory:")
db.generate_mapping(create_tables=True)
with orm.db_session:
    Item(name="a", price=3)
    Item(name="b", price=30)
    limit = 10
    print([item.name for item in orm.select(i for i in Item if i.price > limit)])
    print(Item.select(lambda i: i.price < limit and i.name == "a").count())
