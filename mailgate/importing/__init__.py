"""Old mail from files: Maildirs, mbox files, single mails and folders of these, handed to the listener one by one.

Laws: a file is read and never written; what cannot be read is named and the rest goes on; memory holds one mail,
whatever the size of its file.
"""
