"""A small shop: an ordinary Flask application that podcov measures as its example.

It keeps nothing in memory between two requests (the cart travels in a signed cookie), so any
worker of any replica may answer any request.
"""
