import coverage

measuring = coverage.Coverage(data_file=None)
measuring.start()
import shop

shop.price(2)
measuring.stop()
data = measuring.get_data()
print(sorted((name, sorted(data.lines(name))) for name in data.measured_files()))
