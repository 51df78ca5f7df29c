from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "hello"  # mark


print(app.test_client().get("/").data, type(app))
