# -*- coding: latin-1 -*-
"""Latin: äöü"""
text = "é"
def run():
    return ascii(text)
